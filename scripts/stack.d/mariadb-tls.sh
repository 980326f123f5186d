# MariaDB that offers TLS. Beside what mariadb says: the facts of lib-tls.sh.
# shellcheck shell=bash disable=SC2154,SC2034 # The variables are those of scripts/stack.
# shellcheck source=scripts/stack.d/mariadb.sh
. "$root/scripts/stack.d/mariadb.sh"
# shellcheck source=scripts/stack.d/lib-tls.sh
. "$root/scripts/stack.d/lib-tls.sh"

mariadb_tls_find() { mariadb_find && tls_find; }

mariadb_tls_prepare() {
  local tls=$dir/$kind-new.data
  rm -rf "$tls"
  tls_make "$tls"
  mariadb_prepare
  mv "$tls" "$data/tls"
}

mariadb_tls_command() {
  sql_set_options
  command=(mariadbd --no-defaults "${sql_options[@]}" --bind-address="127.0.0.1,$tls_wrong_host"
    --ssl-ca="$data/tls/ca.pem" --ssl-cert="$data/tls/server.pem" --ssl-key="$data/tls/server.key")
}

mariadb_tls_ready() {
  sql_ready || return 1
  # --skip-name-resolve: accounts are by address.
  sql --execute "CREATE USER IF NOT EXISTS 'root'@'$tls_wrong_host';
    GRANT ALL PRIVILEGES ON *.* TO 'root'@'$tls_wrong_host' WITH GRANT OPTION" || return 1
  tls_facts "$data/tls"
}
