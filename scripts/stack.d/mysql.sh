# MySQL. Debian 12 has none, but Debian's suite sid does: its packages are downloaded once from the mirror that
# this machine's apt uses, unpacked into the cache and started through their own dynamic linker; nothing is
# installed. The suite moves on, so no version is pinned.
# shellcheck shell=bash disable=SC2154,SC2034 # The variables are those of scripts/stack.
# shellcheck source=scripts/stack.d/lib-sql.sh
. "$root/scripts/stack.d/lib-sql.sh"

mysql_cache=${XDG_CACHE_HOME:-$HOME/.cache}/tymbal
mysql_root=$mysql_cache/mysql
mysql_fetch_seconds_max=600
mysql_keyring=/usr/share/keyrings/debian-archive-keyring.gpg

# Prints the address of the Debian mirror in this machine's apt sources.
debian_mirror() {
  # shellcheck disable=SC2016 # apt-get replaces them.
  apt-get indextargets --format '$(ORIGIN)|$(LABEL)|$(COMPONENT)|$(REPO_URI)' 'Identifier: Packages' |
    awk -F'|' '$1 == "Debian" && $2 == "Debian" && $3 == "main" { print $4; exit }'
}

# Fetches and unpacks into the fresh folder $1. REQUIRES: errexit.
mysql_unpack() {
  local work=$1 mirror signed='' package
  local -a apt packages
  mirror=$(debian_mirror)
  if [[ -z $mirror ]]; then
    printf '%s\n' 'the apt sources of this machine name no Debian mirror'
    return 1
  fi
  mkdir -p "$work"/{state/lists/partial,cache/archives/partial,sources,debs,root}
  : >"$work/status"
  if [[ -e $mysql_keyring ]]; then signed=" [signed-by=$mysql_keyring]"; fi
  printf 'deb%s %s sid main\n' "$signed" "$mirror" >"$work/sources/sid.list"
  # On the command line they win over apt.conf.d, whose proxies stay in force.
  apt=(apt-get -q -o Dir::State="$work/state" -o Dir::State::status="$work/status"
    -o Dir::Cache="$work/cache" -o Dir::Etc::sourcelist=/dev/null -o Dir::Etc::sourceparts="$work/sources"
    -o Dir::Etc::preferences=/dev/null -o Dir::Etc::preferencesparts=/dev/null
    -o APT::Sandbox::User= -o Acquire::Retries=3 -o Acquire::http::Timeout=30)
  "${apt[@]}" -o APT::Update::Error-Mode=any update
  mapfile -t packages < <("${apt[@]}" install -s --no-install-recommends mysql-server-core |
    awk '/^Inst / { print $2 }')
  if ((${#packages[@]} == 0)); then
    printf '%s\n' 'the suite has no mysql-server-core for this machine'
    return 1
  fi
  (cd "$work/debs" && "${apt[@]}" download "${packages[@]}")
  for package in "$work"/debs/*.deb; do dpkg-deb -x "$package" "$work/root"; done
  # What it says is what the next start looks for: it must be able to run.
  mysql_program "$work/root"
  "${mysql_run[@]}" --no-defaults --version
}

# Sets `mysql_run` to what starts mysqld of an unpacked folder, with that folder's libraries.
mysql_program() {
  local lib linker
  lib=$1/usr/lib/$(multiarch)
  for linker in "$lib"/ld-linux*.so.* "$1"/usr/lib64/ld-linux*.so.*; do
    if [[ -e $linker ]]; then break; fi
  done
  mysql_run=("$linker" --library-path "$lib:$1/usr/lib/mysql/private" "$1/usr/sbin/mysqld")
}

# Prints for instance x86_64-linux-gnu.
multiarch() {
  case $(dpkg --print-architecture) in
    amd64) printf '%s\n' x86_64-linux-gnu ;;
    arm64) printf '%s\n' aarch64-linux-gnu ;;
    *) dpkg --print-architecture ;;
  esac
}

mysql_find() {
  local program work log_file=$mysql_cache/mysql-fetch.log
  if ! command -v mariadb >/dev/null; then
    why="there is no mariadb, the client: scripts/setup stack"
    return 1
  fi
  if [[ -x $mysql_root/usr/sbin/mysqld ]]; then return 0; fi
  for program in apt-get dpkg-deb; do
    if ! command -v "$program" >/dev/null; then
      why="there is no $program to fetch it with"
      return 1
    fi
  done
  if ! mkdir -p "$mysql_cache" 2>/dev/null; then
    why="cannot write to the cache folder"
    return 1
  fi
  say "mysql: fetching it once, about 60 MB" >&2
  (
    # Two at once would fetch it twice.
    exec 8>"$mysql_cache/mysql.lock"
    flock --wait "$mysql_fetch_seconds_max" 8
    if [[ -x $mysql_root/usr/sbin/mysqld ]]; then exit 0; fi
    work=$(mktemp -d "$mysql_cache/mysql-XXXXXX")
    trap 'rm -rf "$work"' EXIT
    export -f mysql_unpack mysql_program debian_mirror multiarch
    export mysql_keyring
    # shellcheck disable=SC2016 # The inner bash expands it.
    timeout "$mysql_fetch_seconds_max" bash -euo pipefail -c 'mysql_unpack "$1"' fetch "$work" \
      >"$log_file" 2>&1 8>&- </dev/null || exit 1
    rm -rf "$mysql_root"
    mv "$work/root" "$mysql_root"
  ) || {
    # apt's first complaint, without the mirror's name.
    why=$({ grep '^E: ' "$log_file" || tail -n 1 "$log_file"; } 2>/dev/null | head -n 1 |
      sed 's#[a-z]*://[^ ]*#...#g' | cut -c1-100)
    why="it can't be fetched: $why"
    return 1
  }
}

mysql_set_base() {
  mysql_program "$mysql_root"
  mysql_base=("${mysql_run[@]}" --no-defaults --basedir="$mysql_root/usr"
    --lc-messages-dir="$mysql_root/usr/share/mysql" --character-sets-dir="$mysql_root/usr/share/mysql/charsets"
    --plugin-dir="$mysql_root/usr/lib/mysql/plugin" --secure-file-priv="$dir" --mysqlx=0)
}

mysql_prepare() {
  local -a user=()
  if ((EUID == 0)); then user=(--user=root); fi
  mysql_set_base
  sql_make_tmp
  timeout --foreground 120 "${mysql_base[@]}" --tmpdir="$sql_tmp" --initialize-insecure --datadir="$data" "${user[@]}"
}

mysql_command() {
  mysql_set_base
  sql_set_options
  command=("${mysql_base[@]}" "${sql_options[@]}" --bind-address=127.0.0.1)
}

mysql_ready() { sql_ready; }
