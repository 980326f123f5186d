# Elasticsearch 9.1, one node.
# shellcheck shell=bash disable=SC2154 # The variables are those of scripts/stack.
# shellcheck source=scripts/stack.d/lib-elasticsearch.sh
. "$root/scripts/stack.d/lib-elasticsearch.sh"

elasticsearch9_find() { elasticsearch_find 9.1.0 21 99; }

elasticsearch9_prepare() { elasticsearch_copy "$data/node"; }

elasticsearch9_command() { elasticsearch_command "$data/node" transport.port=0 discovery.type=single-node xpack.security.enabled=false; }

elasticsearch9_ready() { search_ready "http://127.0.0.1:$port" && search_pid "http://127.0.0.1:$port"; }
