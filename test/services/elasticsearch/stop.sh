#!/usr/bin/env bash
# Stops the nodes that start.sh began: all of them, or those on the given ports. --kill sends SIGKILL (a crash).
set -euo pipefail
cache=${AQUIFER_SERVICES_CACHE:-$HOME/.cache/aquifer-services}/elasticsearch
signal=TERM
[ "${1:-}" != --kill ] || { signal=KILL; shift; }
ports=("$@")
if [ ${#ports[@]} -eq 0 ]; then
  for run in "$cache"/run/*/; do [ -e "$run/pid" ] && ports+=("$(basename "$run")"); done
fi
for port in "${ports[@]}"; do
  pid=$(cat "$cache/run/$port/pid" 2>/dev/null) || continue
  if [ -r "/proc/$pid/cmdline" ] && tr '\0' ' ' < "/proc/$pid/cmdline" | grep -q "es.path.conf=$cache/run/$port/config "; then
    kill -"$signal" "$pid"
    for _ in $(seq 100); do [ -e "/proc/$pid" ] || break; sleep 0.2; done
    [ ! -e "/proc/$pid" ] || kill -KILL "$pid"
    echo "stopped $port"
  fi
  rm -f "$cache/run/$port/pid"
done
