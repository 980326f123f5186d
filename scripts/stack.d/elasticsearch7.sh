# Elasticsearch 7.17, one node.
# shellcheck shell=bash disable=SC2154 # The variables are those of scripts/stack.
# shellcheck source=scripts/stack.d/lib-elasticsearch.sh
. "$root/scripts/stack.d/lib-elasticsearch.sh"

elasticsearch7_find() { elasticsearch_find 7.17.27 17 21; }

elasticsearch7_prepare() { elasticsearch_copy "$data/node"; }

elasticsearch7_command() { elasticsearch_command "$data/node" transport.port=0 discovery.type=single-node xpack.security.enabled=false; }

elasticsearch7_ready() { search_ready "http://127.0.0.1:$port"; }
