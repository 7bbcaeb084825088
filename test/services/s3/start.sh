#!/usr/bin/env bash
# Starts an S3-compatible store (gofakes3) on 127.0.0.1, for tests; does nothing when it runs already.
# usage: start.sh [port]      prints its address as its last line of output
set -euo pipefail

port=${1:-9071}
version=v1.2.0
cache=${AQUIFER_SERVICES_CACHE:-$HOME/.cache/aquifer-services}/s3
log() { echo "s3: $*" >&2; }
die() { log "$*"; exit 1; }
[[ $port =~ ^[0-9]+$ ]] || die "not a port: $port"
for program in go flock; do command -v "$program" >/dev/null || die "needs $program"; done
mkdir -p "$cache"
server=$cache/$version/gofakes3 data=$cache/data-$port
exec 9>"$cache/lock"; flock 9  # one start at a time; the server itself is started with this closed

if [[ ! -x $server ]]; then
  GOFLAGS='' CGO_ENABLED=0 GOBIN="$cache/$version" go install "github.com/johannesboyne/gofakes3/cmd/gofakes3@$version" \
    >"$cache/build.log" 2>&1 || { tail -5 "$cache/build.log" >&2; die "gofakes3 could not be built; see $cache/build.log"; }
fi

answers() { (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; }
if ! [[ -e $data/pid && -d /proc/$(<"$data/pid") ]]; then
  if answers; then die "port $port is in use by something else"; fi
  mkdir -p "$data"
  setsid "$server" -host "127.0.0.1:$port" -backend bolt -bolt.db "$data/objects.db" >"$data/server.log" 2>&1 </dev/null 9>&- &
  echo $! >"$data/pid"
  for _ in $(seq 200); do
    answers && break
    kill -0 "$(<"$data/pid")" 2>/dev/null || { tail -5 "$data/server.log" >&2; rm -f "$data/pid"; die "did not start; see $data/server.log"; }
    sleep 0.05
  done
fi
log "gofakes3 $version, data in $data"
echo "http://aquifer:aquifer-test@127.0.0.1:$port"
