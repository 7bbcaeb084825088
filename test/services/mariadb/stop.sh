#!/usr/bin/env bash
# Stops the server that start.sh started on this port. usage: stop.sh [port]
set -euo pipefail

port=${1:-3371}
pid_file=${AQUIFER_SERVICES_CACHE:-$HOME/.cache/aquifer-services}/mariadb/data-$port/pid
if [[ ! -e $pid_file ]]; then echo "mariadb: nothing runs on port $port" >&2; exit; fi
pid=$(<"$pid_file")
kill -TERM "$pid" 2>/dev/null || true
for _ in $(seq 300); do [[ -d /proc/$pid ]] || break; sleep 0.1; done
[[ ! -d /proc/$pid ]] || { echo "mariadb: process $pid did not stop" >&2; exit 1; }
rm -f "$pid_file"
echo "mariadb: stopped on port $port" >&2
