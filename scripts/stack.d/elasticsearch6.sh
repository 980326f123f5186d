# Elasticsearch 6.8, one node.
# shellcheck shell=bash disable=SC2154 # The variables are those of scripts/stack.
# shellcheck source=scripts/stack.d/lib-elasticsearch.sh
. "$root/scripts/stack.d/lib-elasticsearch.sh"

elasticsearch6_find() { elasticsearch_find 6.8.23 17 17; }

elasticsearch6_prepare() { elasticsearch_copy "$data/node"; }

elasticsearch6_command() { elasticsearch_command "$data/node" transport.port=0 discovery.type=single-node; }

elasticsearch6_ready() { search_ready "http://127.0.0.1:$port"; }
