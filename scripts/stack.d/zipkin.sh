# A Zipkin server that writes into a search server: into the one at TYMBAL_STACK_ZIPKIN_STORAGE, or into an OpenSearch 2.19
# of its own. STORAGE_URL says which.
# shellcheck shell=bash disable=SC2154,SC2034 # The variables are those of scripts/stack.
# shellcheck source=scripts/stack.d/lib-opensearch.sh
. "$root/scripts/stack.d/lib-opensearch.sh"

zipkin_version=3.5.1

zipkin_find() {
  if [[ -z ${TYMBAL_STACK_ZIPKIN_STORAGE:-} ]]; then
    opensearch_find 2.19.1 17 21 || return 1
  else
    search_find_tools && search_find_java 17 99 || return 1
  fi
  maven_fetch "zipkin-$zipkin_version" copy "io.zipkin:zipkin-server:$zipkin_version:jar:exec"
}

zipkin_prepare() { mkdir "$data/tmp"; }

# Its storage listens at the same port of another loopback address.
zipkin_storage() { printf '%s\n' "${TYMBAL_STACK_ZIPKIN_STORAGE:-http://127.0.0.2:$port}"; }

# One shell starts both; when one ends, so does the other.
zipkin_command() {
  local die=(setpriv --pdeathsig KILL) script=''
  if [[ -z ${TYMBAL_STACK_ZIPKIN_STORAGE:-} ]]; then
    opensearch_command "$data/opensearch" 127.0.0.2
    script="$(printf '%q ' "${die[@]}" "${command[@]}") &"$'\n'
  fi
  # It would listen at all addresses of the machine, the storage's too.
  command=(env STORAGE_TYPE=elasticsearch "ES_HOSTS=$(zipkin_storage)" ES_INDEX_REPLICAS=0
    "$java_home/bin/java" -Xmx256m -XX:+UseSerialGC -XX:-UsePerfData -XX:TieredStopAtLevel=1 "-Djava.io.tmpdir=$data/tmp"
    -jar "$maven_cache/zipkin-$zipkin_version/zipkin-server-$zipkin_version-exec.jar"
    '--armeria.ports[0].ip=127.0.0.1' "--armeria.ports[0].port=$port" '--armeria.ports[0].protocols[0]=http')
  script+="$(printf '%q ' "${die[@]}" "${command[@]}") &"$'\n''wait -n'
  command=(bash -c "$script")
}

zipkin_ready() {
  local search_url=http://127.0.0.1:$port
  # UP once its storage is.
  search_ask /health >/dev/null || return 1
  printf '%s\n' "URL=$search_url" "VERSION=$zipkin_version" "STORAGE_URL=$(zipkin_storage)"
}
