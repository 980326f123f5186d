# OpenSearch 3.8, where there is a Java that it runs on.
# shellcheck shell=bash disable=SC2154 # The variables are those of scripts/stack.
# shellcheck source=scripts/stack.d/lib-opensearch.sh
. "$root/scripts/stack.d/lib-opensearch.sh"

opensearch3_find() { opensearch_find 3.8.0 21 99; }

opensearch3_prepare() { :; }

opensearch3_command() {
  opensearch_command "$data" --add-modules jdk.incubator.vector --enable-native-access=ALL-UNNAMED
}

opensearch3_ready() { search_ready "http://127.0.0.1:$port"; }
