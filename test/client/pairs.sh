#!/usr/bin/env bash
# Runs "client pairs" in a database of its own.
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
database=flagplane_pairs
dropdb --force --if-exists "$database" 2>/dev/null
createdb "$database"
trap 'dropdb --force "$database"' EXIT
PGDATABASE=$database "$here/client" pairs
