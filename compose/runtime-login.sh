#!/bin/sh
# Runs once, when the Postgres volume is new: the login the service runs with, member of the group every grant names.
set -eu
psql -v ON_ERROR_STOP=1 -U "$POSTGRES_USER" -d "$POSTGRES_DB" -v password="$RUNTIME_PASSWORD" <<'SQL'
CREATE ROLE identity_bridge_app NOLOGIN;
CREATE ROLE identity_bridge LOGIN PASSWORD :'password' IN ROLE identity_bridge_app;
SQL
