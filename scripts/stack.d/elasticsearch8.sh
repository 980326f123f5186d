# Elasticsearch 8.17, one node.
# shellcheck shell=bash disable=SC2154 # The variables are those of scripts/stack.
# shellcheck source=scripts/stack.d/lib-elasticsearch.sh
. "$root/scripts/stack.d/lib-elasticsearch.sh"

elasticsearch8_find() { elasticsearch_find 8.17.0 17 23; }

elasticsearch8_prepare() { elasticsearch_copy "$data/node"; }

elasticsearch8_command() { elasticsearch_command "$data/node" transport.port=0 discovery.type=single-node xpack.security.enabled=false; }

elasticsearch8_ready() { search_ready "http://127.0.0.1:$port" && search_pid "http://127.0.0.1:$port"; }
