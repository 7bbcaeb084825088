#!/usr/bin/env bash
# Starts a native PostgreSQL with pgvector and pg_textsearch on 127.0.0.1, for tests; does nothing when it runs already.
# usage: start.sh [port]      prints the connection URL as its last line of output
set -euo pipefail

port=${1:-5471}
cache=${AQUIFER_SERVICES_CACHE:-$HOME/.cache/aquifer-services}/postgres
log() { echo "postgres: $*" >&2; }
die() { log "$*"; exit 1; }
[[ $port =~ ^[0-9]+$ ]] || die "not a port: $port"
for program in apt-get dpkg-deb flock; do command -v "$program" >/dev/null || die "needs $program (Debian or a relative)"; done
mkdir -p "$cache"

# PostgreSQL refuses to run as root: root hands over to an unprivileged user. When that user cannot enter the
# cache (a private home), the downloads stay there and the unpacked server and its data live in /var/tmp.
as() { "$@"; }
state=$cache
if [[ $(id -u) == 0 ]]; then
  user=nobody; getent passwd postgres >/dev/null && user=postgres
  as() { (cd /; exec setpriv --reuid="$user" --regid="$(id -g "$user")" --clear-groups "$@"); }
  as test -x "$cache" || state=/var/tmp/aquifer-services/postgres
  mkdir -p "$state"
fi
server=$state/server data=$state/data-$port
exec 9>"$state/lock"; flock 9  # one start at a time; the server itself is started with this closed

# --- 1. packages: resolved by apt in a private folder, checked against Debian's keyring, never installed ---------
fetch() { # suite major -> $cache/debs-$suite-$major/*.deb
  local suite=$1 major=$2 apt=$cache/apt-$1 debs=$cache/debs-$1-$2 mirror want names
  [[ -e $debs/complete ]] && return 0
  mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep -m1 -E '/debian/?$') ||
    die "no Debian mirror is configured on this machine"
  rm -rf "$debs"; mkdir -p "$apt"/{lists/partial,archives/partial} "$debs"; : >"$apt/status"
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main" >"$apt/sources.list"
  local o=(-qq -o Dir::Etc::sourcelist="$apt/sources.list" -o Dir::Etc::sourceparts=/dev/null
    -o Dir::Etc::preferencesparts=/dev/null -o Dir::State::lists="$apt/lists" -o Dir::State::status="$apt/status"
    -o Dir::Cache::archives="$apt/archives" -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache=
    -o APT::Sandbox::User=root -o Acquire::Languages=none -o Acquire::Retries=3
    -o Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false)
  apt-get "${o[@]}" update >&2 || return 1
  want=("postgresql-$major" "postgresql-$major-pgvector")
  apt-cache "${o[@]}" show "${want[@]}" >/dev/null 2>&1 || return 1
  apt-cache "${o[@]}" show "postgresql-$major-pg-textsearch" >/dev/null 2>&1 && want+=("postgresql-$major-pg-textsearch")
  # The server, its client programs and their shared libraries; not perl, systemd or the packaging scripts.
  names=$(apt-get "${o[@]}" -y --no-install-recommends --print-uris install "${want[@]}" |
    awk '{ sub(/_.*/, "", $2); print $2 }' | grep -E "^(lib|zlib1g$|postgresql-(client-)?$major)" |
    grep -vE 'perl|^lib(c-|.*-common$|systemd-shared|semanage|sepol|mount|proc)') || return 1
  (cd "$debs" && apt-get "${o[@]}" download $names >&2) || return 1
  touch "$debs/complete"
}

# --- 2. unpack into a private folder; each program runs under the libc it was built for ---------------------------
unpack() { # suite major
  local tmp=$server.new deb bin lib loader program
  rm -rf "$tmp"; mkdir -p "$tmp"
  for deb in "$cache/debs-$1-$2"/*.deb; do dpkg-deb -x "$deb" "$tmp" || return 1; done
  bin=$tmp/usr/lib/postgresql/$2/bin
  loader=$(find "$tmp" -name 'ld-linux*.so.*' -type f | head -1); [[ -n $loader ]] || return 1
  lib=$(dirname "$loader")
  [[ -e $lib/libc.so.6 ]] || return 1
  mkdir "$bin/real"
  for program in "$bin"/*; do
    [[ -f $program ]] && head -c4 "$program" | grep -q ELF || continue
    mv "$program" "$bin/real/"
    cat >"$program" <<W
#!/bin/sh
exec "${loader/#$tmp/$server}" --library-path "${lib/#$tmp/$server}" --argv0 "${program/#$tmp/$server}" "${bin/#$tmp/$server}/real/${program##*/}" "\$@"
W
    chmod 755 "$program"
  done
  echo "${bin/#$tmp/$server}" >"$tmp/bin-path"; echo "$1 $2" >"$tmp/from"
  chmod -R go+rX "$tmp"; rm -rf "$server"; mv "$tmp" "$server"
}

if [[ ! -e $server/bin-path ]]; then
  [[ -d /usr/share/zoneinfo ]] || die "the tzdata package is missing"
  # Newest first; trixie is the fallback that stays put (PostgreSQL 17, pgvector 0.8.0, no BM25 extension).
  for choice in ${POSTGRES_FROM:-sid:18 forky:18 sid:19 trixie:17}; do
    log "trying PostgreSQL ${choice#*:} from Debian ${choice%:*}"
    if fetch "${choice%:*}" "${choice#*:}" && unpack "${choice%:*}" "${choice#*:}"; then break; fi
  done
  [[ -e $server/bin-path ]] || die "no source gave a PostgreSQL with pgvector"
fi
bin=$(<"$server/bin-path")

# --- 3. a cluster per port ----------------------------------------------------------------------------------------
# One cluster serves one server version: a cluster of another major version is set aside, never deleted.
if [[ -e $data/PG_VERSION && $(<"$data/PG_VERSION") != "$(cut -d' ' -f2 "$server/from")" ]]; then
  mv "$data" "$data.$(<"$data/PG_VERSION").$(date +%s)"
fi
if [[ ! -e $data/PG_VERSION ]]; then
  rm -rf "$data"; mkdir -p "$data"; [[ $(id -u) != 0 ]] || chown "$user:" "$data"
  as "$bin/initdb" -D "$data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 --locale-provider=builtin \
    --builtin-locale=C.UTF-8 >/dev/null
  preload=; [[ -e $bin/../lib/pg_textsearch.so ]] && preload=pg_textsearch
  as tee -a "$data/postgresql.conf" >/dev/null <<C
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
shared_preload_libraries = '$preload'
wal_level = logical
max_wal_senders = 20
max_replication_slots = 20
max_prepared_transactions = 10
max_connections = 100
shared_buffers = 512MB
maintenance_work_mem = 512MB
max_parallel_maintenance_workers = 2
max_wal_size = 4GB
jit = off
timezone = 'UTC'
C
fi
if ! as "$bin/pg_ctl" -D "$data" status >/dev/null 2>&1; then
  if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then die "port $port is in use by something else"; fi
  as "$bin/pg_ctl" -D "$data" -w -t 60 -l "$data/server.log" -o "-p $port" start >/dev/null </dev/null 9>&- ||
    { tail -5 "$data/server.log" >&2; die "did not start; see $data/server.log"; }
fi
log "$("$bin/postgres" --version), data in $data, programs in $bin"
echo "postgresql://postgres@127.0.0.1:$port/postgres"
