#!/usr/bin/env bash
# Runs "client rights" in a database of its own.
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
database=flagplane_rights
dropdb --force --if-exists "$database" 2>/dev/null
psql -X -q -c 'DROP ROLE IF EXISTS fp_rights_none, fp_rights_trusted' 2>/dev/null
createdb "$database"
trap 'dropdb --force "$database"' EXIT
PGDATABASE=$database "$here/client" rights
