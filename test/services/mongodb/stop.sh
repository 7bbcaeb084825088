#!/usr/bin/env bash
# Stops the server that start.sh started on this port; its data is gone. usage: stop.sh [port]
set -euo pipefail

port=${1:-27071}
run=${AQUIFER_SERVICES_CACHE:-$HOME/.cache/aquifer-services}/mongodb/run/$port
if [[ ! -e $run/pid ]]; then echo "mongodb: nothing runs on port $port" >&2; exit; fi
pid=$(<"$run/pid")
if [[ -r /proc/$pid/cmdline ]] && tr '\0' ' ' <"/proc/$pid/cmdline" | grep -q "MongoService $port "; then
  kill -TERM "$pid" 2>/dev/null || true
  for _ in $(seq 100); do [[ -d /proc/$pid ]] || break; sleep 0.1; done
  [[ ! -d /proc/$pid ]] || { echo "mongodb: process $pid did not stop" >&2; exit 1; }
fi
rm -f "$run/pid"
echo "mongodb: stopped on port $port" >&2
