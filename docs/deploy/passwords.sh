#!/bin/sh
# Sets the passwords of the roles that roles.sql made, from the secrets of compose.yaml. Run once by the image of postgres.
# psql reads the files itself: a password on a command line could be read by every process of the container.
set -eu
psql -X --quiet --set ON_ERROR_STOP=1 --username postgres <<'SQL'
\set owner `cat /run/secrets/owner_password`
\set agent `cat /run/secrets/agent_password`
alter role meter_sync_owner password :'owner';
alter role meter_sync password :'agent';
SQL
