# Elasticsearch 8.17, two nodes, of which a test may kill one: elasticsearch8-pair/1 leads the cluster and holds data,
# elasticsearch8-pair/2 holds data only. URL_1 and URL_2 are theirs; URL is the first one's.
# shellcheck shell=bash disable=SC2154,SC2034 # The variables are those of scripts/stack.
# shellcheck source=scripts/stack.d/lib-elasticsearch.sh
. "$root/scripts/stack.d/lib-elasticsearch.sh"

elasticsearch8_pair_servers=(1 2)

elasticsearch8_pair_find() { elasticsearch_find 8.17.0 17 23; }

elasticsearch8_pair_prepare() {
  elasticsearch_copy "$data/1"
  elasticsearch_copy "$data/2"
}

# The same port at different loopback addresses: 127.0.0.1 and 127.0.0.2 for clients, 127.0.1.1 and 127.0.1.2 between
# the nodes.
elasticsearch8_pair_command() {
  local roles=master,data
  if ((server == 2)); then roles=data; fi
  host=127.0.0.$server
  elasticsearch_command "$data/$server" "node.name=n$server" "node.roles=$roles" "http.host=$host" \
    "transport.host=127.0.1.$server" "transport.port=$port" "discovery.seed_hosts=127.0.1.1:$port" \
    cluster.initial_master_nodes=n1 xpack.security.enabled=false
}

elasticsearch8_pair_ready() {
  search_ready "http://127.0.0.1:$port" 2 && search_pid "http://127.0.0.1:$port" "n$server" || return 1
  printf '%s\n' "URL_1=http://127.0.0.1:$port" "URL_2=http://127.0.0.2:$port"
}
