#!/usr/bin/env bash
# Starts Elasticsearch on 127.0.0.1, for tests, and prints its URL once it answers green or yellow; does nothing when it
# runs already.
#   start.sh [--data DIR] [--fresh] [PORT]            one node (default port 9271)
#   start.sh [--data DIR] [--fresh] PORT PORT [PORT]  one cluster of as many nodes; again to bring stopped ones back
# Transport listens on PORT+100. Environment: AQUIFER_SERVICES_CACHE, ES_VERSION, ES_HEAP (default 1g), JAVA_HOME,
# ES_FETCH_JRE.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${AQUIFER_SERVICES_CACHE:-$HOME/.cache/aquifer-services}/elasticsearch
heap=${ES_HEAP:-1g}
data='' fresh=0 ports=()
while [ $# -gt 0 ]; do
  case $1 in
    --data) data=$2; shift 2 ;;
    --fresh) fresh=1; shift ;;
    *[!0-9]*) echo "usage: start.sh [--data DIR] [--fresh] [PORT...]" >&2; exit 2 ;;
    *) ports+=("$1"); shift ;;
  esac
done
[ ${#ports[@]} -gt 0 ] || ports=(9271)
command -v setsid >/dev/null && [ -d /proc/self ] || { echo "elasticsearch: these scripts need Linux" >&2; exit 1; }
home=$("$here/build.sh")
exec 9>"$cache/start.lock"; flock 9 # one start at a time; the nodes themselves are started with this closed
mapfile -t launch < "$home/launch" # the java binary, then how to find the jars
cluster=local-$(IFS=-; echo "${ports[*]}")
version=${home##*/home-}
data=${data:-$cache/data/${version%-*}/$cluster} # apart per version: a newer one upgrades data for good
mkdir -p "$data"
data=$(cd "$data" && pwd)

running() { # <port>: is the process that start.sh began for this port still there?
  local pid; pid=$(cat "$cache/run/$1/pid" 2>/dev/null) || return 1
  [ -r "/proc/$pid/cmdline" ] && tr '\0' ' ' < "/proc/$pid/cmdline" | grep -q "es.path.conf=$cache/run/$1/config "
}

seeds='' names=''
for port in "${ports[@]}"; do seeds+="\"127.0.0.1:$((port + 100))\","; names+="\"node-$port\","; done

start_node() { # <port>
  local port=$1 run=$cache/run/$1
  if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then echo "port $port is in use by something else" >&2; exit 1; fi
  [ $fresh -eq 0 ] || rm -rf "${data:?}/$port"
  rm -rf "$run"; mkdir -p "$run"/{config,logs,tmp} "$data/$port" "$data/repo"
  {
    echo "cluster.name: $cluster"
    echo "node.name: node-$port"
    echo "network.host: 127.0.0.1"
    echo "http.port: $port"
    echo "transport.port: $((port + 100))"
    echo "path.data: \"$data/$port\""
    echo "path.logs: \"$run/logs\""
    echo "path.repo: \"$data/repo\""
    echo "cluster.routing.allocation.disk.threshold_enabled: false"
    if [ ${#ports[@]} -eq 1 ]; then
      echo "discovery.type: single-node"
    else
      echo "discovery.seed_hosts: [${seeds%,}]"
      # Only a brand-new node may bootstrap the cluster; one with data finds the others through the seeds.
      [ -e "$data/$port/_state" ] || echo "cluster.initial_master_nodes: [${names%,}]"
    fi
  } > "$run/config/elasticsearch.yml"
  cp "$here/log4j2.properties" "$run/config/"
  setsid nohup "${launch[0]}" -Xms"$heap" -Xmx"$heap" -XX:+UseG1GC -Djava.io.tmpdir="$run/tmp" \
    -Des.path.home="$home" -Des.path.conf="$run/config" -Dlog4j2.disable.jmx=true -Dlog4j.shutdownHookEnabled=false \
    "${launch[@]:1}" localnode.LocalNode \
    > "$run/node.log" 2>&1 < /dev/null 9>&- &
  echo $! > "$run/pid"
}

for port in "${ports[@]}"; do running "$port" || start_node "$port"; done
healthy() { # <port>
  python3 - "http://127.0.0.1:$1/_cluster/health?wait_for_status=yellow&wait_for_nodes=${#ports[@]}&timeout=5s" <<'P' 2>/dev/null
import sys, urllib.request
urllib.request.build_opener(urllib.request.ProxyHandler({})).open(sys.argv[1], timeout=10)
P
}
deadline=$((SECONDS + ${ES_START_TIMEOUT:-180}))
for port in "${ports[@]}"; do
  until healthy "$port"; do
    running "$port" || { echo "the node on $port stopped:" >&2; tail -n 30 "$cache/run/$port/node.log" >&2; exit 1; }
    [ $SECONDS -lt $deadline ] || { echo "the node on $port is not ready; see $cache/run/$port/node.log" >&2; exit 1; }
    sleep 0.5
  done
done
for port in "${ports[@]}"; do echo "http://127.0.0.1:$port"; done
