# OpenSearch 2.19, which runs on Debian's Java 17: the usual search server of the tests.
# shellcheck shell=bash disable=SC2154 # The variables are those of scripts/stack.
# shellcheck source=scripts/stack.d/lib-opensearch.sh
. "$root/scripts/stack.d/lib-opensearch.sh"

opensearch2_find() { opensearch_find 2.19.1 17 21; }

opensearch2_prepare() { :; }

opensearch2_command() { opensearch_command "$data"; }

opensearch2_ready() { search_ready "http://127.0.0.1:$port"; }
