#!/usr/bin/env bash
# Starts a MariaDB with a binary log of rows on 127.0.0.1, for tests; does nothing when it runs already.
# usage: start.sh [port]      prints the connection URL as its last line of output
set -euo pipefail

port=${1:-3371}
here=$(cd "$(dirname "$0")" && pwd)
cache=${AQUIFER_SERVICES_CACHE:-$HOME/.cache/aquifer-services}/mariadb
log() { echo "mariadb: $*" >&2; }
die() { log "$*"; exit 1; }
[[ $port =~ ^[0-9]+$ ]] || die "not a port: $port"
for program in apt-get dpkg-deb flock; do command -v "$program" >/dev/null || die "needs $program (Debian or a relative)"; done
mkdir -p "$cache"
server=$cache/server data=$cache/data-$port socket=/tmp/aquifer-mariadb-$port.sock
exec 9>"$cache/lock"; flock 9  # one start at a time; the server itself is started with this closed

# --- 1. packages: resolved by apt in a private folder from the machine's own mirrors, unpacked, never installed ----
fetch() {
  local apt=$cache/apt debs=$cache/debs names
  rm -rf "$debs" "$server.new"; mkdir -p "$apt"/{lists/partial,archives/partial} "$debs" "$server.new"; : >"$apt/status"
  local o=(-qq -o Dir::State::lists="$apt/lists" -o Dir::State::status="$apt/status" -o Dir::Cache::archives="$apt/archives"
    -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= -o APT::Sandbox::User=root -o Acquire::Languages=none
    -o Acquire::Retries=3 -o Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false)
  apt-get "${o[@]}" update >&2 || return 1
  # The server, its client and their shared libraries; libc and what scripts would need are the machine's own.
  names=$(apt-get "${o[@]}" -y --no-install-recommends --print-uris install mariadb-server |
    awk '{ sub(/_.*/, "", $2); print $2 }' | grep -E '^(mariadb-(server|client)(-core)?(-[0-9.]+)?$|lib|zlib1g$)' |
    grep -vE 'perl|^lib(c6|c-.*|gcc.*|stdc.*|.*-common$|systemd.*|semanage.*|sepol.*|mount.*|proc.*)$') || return 1
  (cd "$debs" && apt-get "${o[@]}" download $names >&2) || return 1
  local deb; for deb in "$debs"/*.deb; do dpkg-deb -x "$deb" "$server.new" || return 1; done
  mv "$server.new" "$server"; rm -rf "$debs" "$apt"
}
[[ -d $server ]] || fetch || die "the packages of MariaDB could not be had"
export LD_LIBRARY_PATH=$(echo "$server"/usr/lib/*-linux-gnu "$server"/lib/*-linux-gnu | tr ' ' ':')
export PATH=$server/usr/bin:$server/usr/sbin:$PATH
sql() { mariadb --no-defaults --user=root --socket="$socket" "$@"; }

# --- 2. a data folder per port -------------------------------------------------------------------------------------
if ! [[ -e $data/pid && -d /proc/$(<"$data/pid") ]]; then
  if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then die "port $port is in use by something else"; fi
  mkdir -p "$data"
  cat >"$data/my.cnf" <<C
[mariadbd]
basedir=$server/usr
lc_messages_dir=$server/usr/share/mysql
character_sets_dir=$server/usr/share/mysql/charsets
plugin_dir=$server/usr/lib/mysql/plugin
datadir=$data/files
socket=$socket
pid_file=$data/pid
log_error=$data/server.log
bind_address=127.0.0.1
port=$port
skip_name_resolve
character_set_server=utf8mb4
server_id=1
log_bin=binlog
binlog_format=ROW
binlog_row_image=FULL
binlog_row_metadata=FULL
gtid_strict_mode=ON
expire_logs_days=2
max_binlog_size=64M
innodb_buffer_pool_size=128M
innodb_log_file_size=64M
innodb_flush_log_at_trx_commit=2
performance_schema=OFF
$([[ $(id -u) == 0 ]] && echo user=root)
C
  fresh=; [[ -e $data/complete ]] || fresh=1
  if [[ $fresh ]]; then
    rm -rf "$data/files"
    mariadb-install-db --defaults-file="$data/my.cnf" --basedir="$server/usr" --datadir="$data/files" \
      --auth-root-authentication-method=normal --skip-test-db >"$data/install.log" 2>&1 || die "no data folder; see $data/install.log"
  fi
  setsid mariadbd --defaults-file="$data/my.cnf" >/dev/null 2>&1 </dev/null 9>&- &
  for _ in $(seq 300); do
    sql --execute 'select 1' >/dev/null 2>&1 && break
    kill -0 $! 2>/dev/null || { tail -5 "$data/server.log" >&2; die "did not start; see $data/server.log"; }
    sleep 0.1
  done
  if [[ $fresh ]]; then
    mariadb-tzinfo-to-sql --skip-write-binlog /usr/share/zoneinfo 2>/dev/null | sql mysql
    sql <"$here/setup.sql"
    touch "$data/complete"
  fi
fi
log "$(mariadbd --no-defaults --version | sed 's/.*Ver //'), data in $data"
echo "mysql://app:app@127.0.0.1:$port/app"
