#!/bin/sh
# Makes what compose.yaml reads as secrets: keys, client files, passwords. What is there already stays as it is.
# NUMLIFE says how the command is reached, for example: NUMLIFE='npx numlife' deploy/prepare.sh
set -eu
umask 077
secrets=${1:-$(dirname "$0")/secrets}
numlife=${NUMLIFE:-npx numlife}
mkdir -p "$secrets/clients" "$secrets/admissions"
keys=$secrets/keys.json

once() { # file, command …: the file is what the command prints, made whole or not at all
  file=$1
  shift
  [ -e "$file" ] || { "$@" > "$file.part" && mv "$file.part" "$file"; }
}
password() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }
database_url() { printf 'postgresql://numlife:%s@postgresql:5432/numlife' "$(cat "$secrets/database-password")"; }

once "$secrets/database-password" password
once "$secrets/database-url" database_url
once "$secrets/eventstoredb-url" printf 'esdb://eventstoredb:2113?tls=false'

$numlife keys init --file "$keys"
for organisation in operator:caict regulator:miit; do
  $numlife keys client "$organisation" --file "$keys" --out "$secrets/clients/${organisation#*:}.json" > /dev/null
done

export_keys() { # file, organisations …
  file=$1
  shift
  [ -e "$file" ] || $numlife keys export "$@" --file "$keys" --out "$file"
}
export_keys "$secrets/ct.keys.json" carrier:ct
export_keys "$secrets/cm.keys.json" carrier:cm carrier:mv1
export_keys "$secrets/cu.keys.json" carrier:cu
export_keys "$secrets/cbn.keys.json" carrier:cbn
export_keys "$secrets/shop.keys.json" app:shop
export_keys "$secrets/bank.keys.json" app:bank

admission() { # organisation, name, what more a JSON object says
  id=${1#*:}
  key=$($numlife keys client "$1" --file "$keys" --out "$secrets/clients/$id.json")
  printf '{"role":"%s","id":"%s","name":"%s"%s,"publicKeys":[%s]}\n' "${1%%:*}" "$id" "$2" "${3:-}" "$key" \
    > "$secrets/admissions/$id.json"
}
admission carrier:ct 'China Telecom'
admission carrier:cm 'China Mobile'
admission carrier:cu 'China Unicom'
admission carrier:cbn 'China Broadnet'
admission carrier:mv1 'Sample MVNO'
admission app:shop 'Sample shop' ',"category":"shopping","domains":["host.docker.internal"]'
admission app:bank 'Sample bank' ',"category":"finance","domains":["host.docker.internal"]'
