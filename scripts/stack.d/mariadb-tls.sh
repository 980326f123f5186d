# MariaDB that offers TLS, and certificates to try it with. Beside what mariadb says:
#   CA         signed the server's certificate, which is for 127.0.0.1 and localhost
#   OTHER_CA   signed nothing here: who trusts only this one must refuse the server
#   WRONG_HOST the same server under an address that its certificate doesn't name
# shellcheck shell=bash disable=SC2154,SC2034 # The variables are those of scripts/stack.
# shellcheck source=scripts/stack.d/mariadb.sh
. "$root/scripts/stack.d/mariadb.sh"

mariadb_tls_find() {
  mariadb_find || return 1
  if ! command -v openssl >/dev/null; then
    why="there is no openssl: scripts/setup stack"
    return 1
  fi
}

# make_ca FILE NAME
make_ca() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=$2" \
    -addext basicConstraints=critical,CA:TRUE -keyout "$1.key" -out "$1.pem"
}

mariadb_tls_prepare() {
  local tls=$dir/$kind-new.data
  rm -rf "$tls"
  mkdir -m 700 "$tls"
  make_ca "$tls/ca" 'Tymbal test CA'
  make_ca "$tls/other-ca" 'Another CA'
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost \
    -keyout "$tls/server.key" -out "$tls/server.csr"
  openssl x509 -req -in "$tls/server.csr" -CA "$tls/ca.pem" -CAkey "$tls/ca.key" -CAcreateserial -days 2 \
    -extfile <(printf '%s\n' 'subjectAltName=DNS:localhost,IP:127.0.0.1') -out "$tls/server.pem"
  mariadb_prepare
  mv "$tls" "$data/tls"
}

mariadb_tls_command() {
  sql_set_options
  command=(mariadbd --no-defaults "${sql_options[@]}" --bind-address="127.0.0.1,127.0.0.2"
    --ssl-ca="$data/tls/ca.pem" --ssl-cert="$data/tls/server.pem" --ssl-key="$data/tls/server.key")
}

mariadb_tls_ready() {
  sql_ready || return 1
  # --skip-name-resolve: accounts are by address.
  sql --execute "CREATE USER IF NOT EXISTS 'root'@'127.0.0.2';
    GRANT ALL PRIVILEGES ON *.* TO 'root'@'127.0.0.2' WITH GRANT OPTION" || return 1
  printf '%s\n' "CA=$data/tls/ca.pem" "OTHER_CA=$data/tls/other-ca.pem" "WRONG_HOST=127.0.0.2"
}
