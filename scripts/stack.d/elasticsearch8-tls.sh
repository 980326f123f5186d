# Elasticsearch 8.17 that speaks https only and wants to know who asks. Beside the facts of lib-tls.sh, for each of
# three accounts its name and password:
#   READER  may read spans*, see their settings and statistics, and monitor the cluster: what Tymbal needs
#   NOBODY  may log in, and nothing else
#   ADMIN   may do everything
# shellcheck shell=bash disable=SC2154,SC2034 # The variables are those of scripts/stack.
# shellcheck source=scripts/stack.d/lib-elasticsearch.sh
. "$root/scripts/stack.d/lib-elasticsearch.sh"
# shellcheck source=scripts/stack.d/lib-tls.sh
. "$root/scripts/stack.d/lib-tls.sh"

# NAME:PASSWORD:ROLE of those accounts; passwords for a server that lives for minutes on loopback.
elasticsearch8_tls_admin=admin:canary-adm1n-Pa55
elasticsearch8_tls_accounts=(
  reader:canary-r3ader-Pa55:spans_reader
  nobody:canary-n0body-Pa55:
  "$elasticsearch8_tls_admin:superuser"
)

elasticsearch8_tls_find() { tls_find && elasticsearch_find 8.17.0 17 23; }

elasticsearch8_tls_prepare() {
  local config=$data/node/config account user password role
  elasticsearch_copy "$data/node"
  # It reads no certificates outside of its configuration.
  tls_make "$config/tls"
  cat >>"$config/roles.yml" <<'ROLES'
spans_reader:
  cluster: [monitor]
  indices:
    - names: ['spans*']
      privileges: [read, view_index_metadata, monitor]
ROLES
  if ((EUID == 0)); then chown -R nobody "$config"; fi
  for account in "${elasticsearch8_tls_accounts[@]}"; do
    IFS=: read -r user password role <<<"$account"
    "${as_user[@]}" env ES_JAVA_HOME="$java_home" ES_TMPDIR="$data/node/tmp" CLI_JAVA_OPTS=-XX:TieredStopAtLevel=1 \
      "$data/node/bin/elasticsearch-users" useradd "$user" -p "$password" ${role:+-r "$role"}
  done
}

elasticsearch8_tls_command() {
  elasticsearch_command "$data/node" transport.port=0 discovery.type=single-node \
    "http.host=127.0.0.1,$tls_wrong_host" xpack.security.enabled=true xpack.security.http.ssl.enabled=true \
    xpack.security.http.ssl.key=tls/server.key xpack.security.http.ssl.certificate=tls/server.pem
}

elasticsearch8_tls_ready() {
  local url=https://127.0.0.1:$port tls=$data/node/config/tls account user password role
  search_curl=(--cacert "$tls/ca.pem" --user "$elasticsearch8_tls_admin")
  search_ready "$url" && search_pid "$url" && tls_facts "$tls" || return 1
  for account in "${elasticsearch8_tls_accounts[@]}"; do
    IFS=: read -r user password role <<<"$account"
    printf '%s\n' "${user^^}_USER=$user" "${user^^}_PASSWORD=$password"
  done
}
