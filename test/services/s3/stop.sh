#!/usr/bin/env bash
# Stops the server that start.sh started on this port. usage: stop.sh [port]
set -euo pipefail

port=${1:-9071}
pid_file=${AQUIFER_SERVICES_CACHE:-$HOME/.cache/aquifer-services}/s3/data-$port/pid
if [[ ! -e $pid_file ]]; then echo "s3: nothing runs on port $port" >&2; exit; fi
pid=$(<"$pid_file")
kill -TERM "$pid" 2>/dev/null || true
for _ in $(seq 200); do [[ -d /proc/$pid ]] || break; sleep 0.1; done
[[ ! -d /proc/$pid ]] || { echo "s3: process $pid did not stop" >&2; exit 1; }
rm -f "$pid_file"
echo "s3: stopped on port $port" >&2
