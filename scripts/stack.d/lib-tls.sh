# Sourced by the kinds that offer TLS, for certificates to try it with:
#   CA         signed the server's certificate, which is for 127.0.0.1 and localhost
#   OTHER_CA   signed nothing here: who trusts only this one must refuse the server
#   WRONG_HOST the same server under an address that its certificate doesn't name
# shellcheck shell=bash disable=SC2154,SC2034 # The variables are those of scripts/stack.

tls_wrong_host=127.0.0.2

# Returns 1 with the reason in `why`.
tls_find() {
  if ! command -v openssl >/dev/null; then
    why="there is no openssl: scripts/setup stack"
    return 1
  fi
}

# tls_make_ca FILE NAME
tls_make_ca() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=$2" \
    -addext basicConstraints=critical,CA:TRUE -keyout "$1.key" -out "$1.pem"
}

# tls_make FOLDER: makes it, with ca.pem, other-ca.pem, server.pem and server.key.
tls_make() {
  mkdir -m 700 "$1"
  tls_make_ca "$1/ca" 'Tymbal test CA'
  tls_make_ca "$1/other-ca" 'Another CA'
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost \
    -keyout "$1/server.key" -out "$1/server.csr"
  openssl x509 -req -in "$1/server.csr" -CA "$1/ca.pem" -CAkey "$1/ca.key" -CAcreateserial -days 2 \
    -extfile <(printf '%s\n' 'subjectAltName=DNS:localhost,IP:127.0.0.1') -out "$1/server.pem"
}

# tls_facts FOLDER
tls_facts() { printf '%s\n' "CA=$1/ca.pem" "OTHER_CA=$1/other-ca.pem" "WRONG_HOST=$tls_wrong_host"; }
