#!/usr/bin/env bash
# Stops the broker that start.sh started on this port. usage: stop.sh [PORT] [--wipe]    --wipe also deletes its data
set -euo pipefail

port=${1:-9171}
run=${AQUIFER_SERVICES_CACHE:-$HOME/.cache/aquifer-services}/kafka/run-$port
if [[ -e $run/pid ]]; then
  pid=$(<"$run/pid")
  if [[ -r /proc/$pid/cmdline ]] && tr '\0' ' ' <"/proc/$pid/cmdline" | grep -q "kafka.Kafka $run/server.properties "; then
    kill -TERM "$pid" 2>/dev/null || true
    for _ in $(seq 200); do [[ -d /proc/$pid ]] || break; sleep 0.1; done
    [[ ! -d /proc/$pid ]] || { echo "kafka: process $pid did not stop" >&2; exit 1; }
  fi
  rm -f "$run/pid"
  echo "kafka: stopped on port $port" >&2
else
  echo "kafka: nothing runs on port $port" >&2
fi
if [[ ${2:-} == --wipe ]]; then rm -rf "$run"; fi
