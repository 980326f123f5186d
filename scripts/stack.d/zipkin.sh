# Zipkin, zipkin/1, that writes into a search server: into the one that TYMBAL_STACK_ZIPKIN_STORAGE names, or into an
# OpenSearch 2.19 of its own, zipkin/2. STORAGE_URL says which.
# shellcheck shell=bash disable=SC2154,SC2034 # The variables are those of scripts/stack.
# shellcheck source=scripts/stack.d/lib-opensearch.sh
. "$root/scripts/stack.d/lib-opensearch.sh"

zipkin_version=3.5.1
zipkin_servers=(2 1) # The storage first: Zipkin isn't ready without it.
if [[ -n ${TYMBAL_STACK_ZIPKIN_STORAGE:-} ]]; then zipkin_servers=(1); fi

zipkin_find() {
  opensearch_find 2.19.1 17 21 &&
    maven_fetch "zipkin-$zipkin_version" copy "io.zipkin:zipkin-server:$zipkin_version:jar:exec"
}

zipkin_prepare() { mkdir "$data/tmp"; }

zipkin_storage() { printf '%s\n' "${TYMBAL_STACK_ZIPKIN_STORAGE:-http://127.0.0.2:$port}"; }

# The same port at two loopback addresses.
zipkin_command() {
  host=127.0.0.$server
  if ((server == 2)); then
    opensearch_command "$data/storage"
    return
  fi
  # Without armeria's ports it would listen at all addresses of the machine, the storage's too.
  command=(env STORAGE_TYPE=elasticsearch "ES_HOSTS=$(zipkin_storage)" ES_INDEX_REPLICAS=0
    "$java_home/bin/java" -XX:+UseSerialGC "${search_java_options[@]}" "-Djava.io.tmpdir=$data/tmp"
    -jar "$maven_cache/zipkin-$zipkin_version/zipkin-server-$zipkin_version-exec.jar"
    "--armeria.ports[0].ip=$host" "--armeria.ports[0].port=$port" '--armeria.ports[0].protocols[0]=http')
}

zipkin_ready() {
  if ((server == 2)); then
    search_ready "$(zipkin_storage)"
    return
  fi
  local search_url=http://127.0.0.1:$port
  # UP once its storage is.
  search_ask /health >/dev/null || return 1
  printf '%s\n' "URL=$search_url" "VERSION=$zipkin_version" "STORAGE_URL=$(zipkin_storage)"
}
