# Sourced by the kinds that speak the MySQL protocol. The client is MariaDB's for all of them.
# shellcheck shell=bash disable=SC2154 # The variables are those of scripts/stack.

sql_database=tymbal_test

# Runs SQL as root through the socket.
sql() {
  timeout 10 mariadb --no-defaults --protocol=socket --socket="$socket" --user=root --batch \
    --skip-column-names --connect-timeout=5 "$@"
}

# Creates what tests expect, and prints the facts. root has no password: whoever gets to the port of a test
# server may do everything with it.
sql_ready() {
  local version
  version=$(sql --execute "CREATE DATABASE IF NOT EXISTS $sql_database;
    CREATE USER IF NOT EXISTS 'root'@'127.0.0.1';
    GRANT ALL PRIVILEGES ON *.* TO 'root'@'127.0.0.1' WITH GRANT OPTION;
    SELECT version()") || return 1
  # Through the port as well: that is how the tests come.
  timeout 10 mariadb --no-defaults --protocol=tcp --host=127.0.0.1 --port="$port" --user=root \
    --connect-timeout=5 --execute 'DO 0' "$sql_database" || return 1
  printf '%s\n' "URL=mysql://root@127.0.0.1:$port/$sql_database" "VERSION=$version"
}

# A folder of its own for temporary tables: a server that starts, if only to make its first data, removes what it
# takes for its own old ones, and in a shared folder those of another that is at work.
sql_make_tmp() {
  sql_tmp=$dir/$kind-tmp.data
  mkdir -p "$sql_tmp"
}

# First data is made under `timeout --foreground`, which stays in the process group that scripts/stack ends.

# Sets `sql_options`: what all these servers take. No names of clients are looked up: a slow DNS would make
# each connection slow.
sql_set_options() {
  sql_options=(--datadir="$data" --port="$port" --socket="$socket" --pid-file="$data/server.pid"
    --skip-name-resolve --max-connections=200 --innodb-buffer-pool-size=256M)
  sql_make_tmp
  sql_options+=(--tmpdir="$sql_tmp")
  if ((EUID == 0)); then sql_options+=(--user=root); fi
  # What a test of faults needs beside that, for instance a small tablespace.
  # shellcheck disable=SC2206 # Words.
  sql_options+=(${TYMBAL_STACK_SQL_OPTIONS:-})
}
