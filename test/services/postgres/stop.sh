#!/usr/bin/env bash
# Stops the server that start.sh started on this port. usage: stop.sh [port]
set -euo pipefail

port=${1:-5471}
cache=${AQUIFER_SERVICES_CACHE:-$HOME/.cache/aquifer-services}/postgres
for state in "$cache" /var/tmp/aquifer-services/postgres; do
  data=$state/data-$port
  [[ -e $data/postmaster.pid && -e $state/server/bin-path ]] || continue
  stop=("$(<"$state/server/bin-path")/pg_ctl" -D "$data" -m fast -w stop)
  if [[ $(id -u) == 0 ]]; then
    owner=$(stat -c %u "$data")
    stop=(setpriv --reuid="$owner" --regid="$(stat -c %g "$data")" --clear-groups "${stop[@]}")
  fi
  cd /; "${stop[@]}" >/dev/null && echo "postgres: stopped on port $port" >&2
  exit
done
echo "postgres: nothing runs on port $port" >&2
