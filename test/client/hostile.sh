#!/usr/bin/env bash
# Runs "client hostile" in a database of its own.
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
database=flagplane_hostile
dropdb --force --if-exists "$database" 2>/dev/null
createdb "$database"
trap 'dropdb --force "$database"' EXIT
PGDATABASE=$database "$here/client" hostile
