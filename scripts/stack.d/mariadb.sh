# MariaDB from Debian's packages.
# shellcheck shell=bash disable=SC2154,SC2034 # The variables are those of scripts/stack.
# shellcheck source=scripts/stack.d/lib-sql.sh
. "$root/scripts/stack.d/lib-sql.sh"

mariadb_find() {
  local program
  # Debian keeps servers where an ordinary user's PATH doesn't look.
  PATH=$PATH:/usr/sbin
  for program in mariadbd mariadb-install-db mariadb; do
    if ! command -v "$program" >/dev/null; then
      why="there is no $program: scripts/setup stack"
      return 1
    fi
  done
}

mariadb_prepare() {
  local -a user=()
  if ((EUID == 0)); then user=(--user=root); fi
  sql_make_tmp
  TMPDIR=$sql_tmp timeout --foreground 120 mariadb-install-db --no-defaults --datadir="$data" "${user[@]}" --skip-test-db \
    --auth-root-authentication-method=normal --skip-name-resolve
}

mariadb_command() {
  sql_set_options
  command=(mariadbd --no-defaults "${sql_options[@]}" --bind-address=127.0.0.1)
}

mariadb_ready() { sql_ready; }
