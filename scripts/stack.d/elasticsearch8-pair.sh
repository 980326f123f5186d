# Elasticsearch 8.17, two nodes, of which a test may kill the second, which holds data only:
#   URL, PID      of the first, which leads the cluster
#   URL_2, PID_2  of the second
# shellcheck shell=bash disable=SC2154,SC2034 # The variables are those of scripts/stack.
# shellcheck source=scripts/stack.d/lib-elasticsearch.sh
. "$root/scripts/stack.d/lib-elasticsearch.sh"

# Addresses instead of ports: one free port is enough.
elasticsearch8_pair_transport=(127.0.0.11 127.0.0.12)
elasticsearch8_pair_http=(127.0.0.1 127.0.0.2)

elasticsearch8_pair_find() { elasticsearch_find 8.17.0 17 23; }

elasticsearch8_pair_prepare() {
  elasticsearch_copy "$data/n1"
  elasticsearch_copy "$data/n2"
}

# elasticsearch8_pair_node 1|2 SETTING...: sets `command`.
elasticsearch8_pair_node() {
  local name=n$1 i=$(($1 - 1))
  shift
  elasticsearch_command "$data/$name" "$port" "node.name=$name" "http.host=${elasticsearch8_pair_http[i]}" \
    "transport.host=${elasticsearch8_pair_transport[i]}" "transport.port=$port" \
    "discovery.seed_hosts=${elasticsearch8_pair_transport[0]}:$port" cluster.initial_master_nodes=n1 \
    xpack.security.enabled=false "$@"
}

# One shell starts both, and they end with it.
elasticsearch8_pair_command() {
  local -a die_with_us=(setpriv --pdeathsig KILL)
  local script
  elasticsearch8_pair_node 1
  script="$(printf '%q ' "${command[@]}") &"
  elasticsearch8_pair_node 2 'node.roles=data'
  script+=$'\n'"$(printf '%q ' "${command[@]}") &"$'\n'wait
  command=(bash -c "$script")
}

elasticsearch8_pair_ready() {
  local url=http://127.0.0.1:$port
  search_ready "$url" 2 || return 1
  printf '%s\n' "URL_2=http://${elasticsearch8_pair_http[1]}:$port"
  search_pids "$url" | sed -e 's/^n1 */PID=/' -e 's/^n2 */PID_2=/'
}
