# Sourced by all kinds that are search servers: the Java they run on, and how one sees that they answer.
# shellcheck shell=bash disable=SC2154,SC2034 # The variables are those of scripts/stack.

# Heap, and what makes a start cheap: the quick compiler alone halves its processor time. A benchmark appends what
# it needs, for instance -Xmx2g -XX:TieredStopAtLevel=4.
search_java_options=(-Xms256m -Xmx512m -XX:-UsePerfData -XX:TieredStopAtLevel=1)
# shellcheck disable=SC2206 # Words.
search_java_options+=(${TYMBAL_STACK_JAVA_OPTIONS:-})

# search_find_java OLDEST NEWEST: sets `java_home` to the first Java of these versions. Returns 1 with the reason in `why`.
search_find_java() {
  local home version
  for home in "${JAVA_HOME:-}" "$(dirname "$(dirname "$(readlink -f "$(type -P java)")")")" /usr/lib/jvm/*; do
    if [[ ! -x $home/bin/java || ! -r $home/release ]]; then continue; fi
    version=$(sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$home/release")
    if ((version >= $1 && version <= $2)); then
      java_home=$home
      return 0
    fi
  done
  why="there is no Java $1 to $2 in JAVA_HOME, PATH or /usr/lib/jvm"
  return 1
}

# search_find_tools: returns 1 with the reason in `why`.
search_find_tools() {
  local program
  for program in curl setpriv; do
    if ! command -v "$program" >/dev/null; then
      why="there is no $program: scripts/setup stack"
      return 1
    fi
  done
}

# search_ask PATH OPTION...: the answer of the server at $search_url; curl's further options are in `search_curl`.
search_curl=()
search_ask() {
  local path=$1
  shift
  curl -q --silent --fail --noproxy '*' --max-time 10 "${search_curl[@]}" "$@" "$search_url$path"
}

# search_ready URL [NODES]: prints the facts once that many nodes have found each other and a document can be written.
search_ready() {
  local search_url=$1 version
  search_ask "/_cluster/health?wait_for_status=yellow&wait_for_nodes=>=${2:-1}&timeout=5s" >/dev/null || return 1
  search_ask '/tymbal-ready/_doc/1?refresh=true' --show-error --request PUT \
    --header 'Content-Type: application/json' --data '{"ready":true}' >/dev/null || return 1
  search_ask /tymbal-ready --show-error --request DELETE >/dev/null || return 1
  # GET / is not answered by all.
  version=$(search_ask '/_nodes/_local?filter_path=nodes.*.version' --show-error |
    sed -n 's/.*"version":"\([^"]*\)".*/\1/p') || return 1
  printf '%s\n' "URL=$search_url" "VERSION=$version"
}

# search_pid URL [NAME]: prints the process of the node of that name, or of the only one, as a fact. Elasticsearch
# has, since 8, a launcher that waits for it.
search_pid() {
  local search_url=$1
  search_ask '/_cat/nodes?h=name,pid' --show-error | sed -n "s/^${2:-[^ ]*}  */PID=/p" | grep .
}
