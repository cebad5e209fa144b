#!/bin/sh
# Admits the sample's carriers and apps at a hub, as its operator. Whoever is admitted already is left out.
set -eu
secrets=${1:-$(dirname "$0")/secrets}
hub=${NUMLIFE_URL:-http://127.0.0.1:8080}
token=$(NUMLIFE_URL=$hub CLIENTS_DIR=$secrets/clients ${NUMLIFE:-npx numlife} token --org caict)
admitted=$(curl -fsS -H "authorization: Bearer $token" "$hub/hub/v1/participants")

for file in "$secrets"/admissions/*.json; do
  id=$(basename "$file" .json)
  case $admitted in *"\"id\":\"$id\""*) continue ;; esac
  curl -fsS -o /dev/null -H "authorization: Bearer $token" -H 'content-type: application/json' \
    --data-binary "@$file" "$hub/hub/v1/participants"
  echo "$id admitted"
done
