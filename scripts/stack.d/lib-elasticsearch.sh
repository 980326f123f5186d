# Sourced by the kinds that are Elasticsearch: the build for integration tests, which is the core without painless,
# ingest processors and data streams.
# shellcheck shell=bash disable=SC2154,SC2034 # The variables are those of scripts/stack.
# shellcheck source=scripts/stack.d/lib-maven.sh
. "$root/scripts/stack.d/lib-maven.sh"
# shellcheck source=scripts/stack.d/lib-search.sh
. "$root/scripts/stack.d/lib-search.sh"

# elasticsearch_find VERSION OLDEST_JAVA NEWEST_JAVA
elasticsearch_find() {
  elasticsearch_version=$1
  search_find_tools && search_find_java "$2" "$3" || return 1
  # It refuses to run as root. Not an account of ours: nothing is changed on this machine.
  as_user=()
  if ((EUID == 0)); then
    as_user=(setpriv --reuid nobody --regid "$(id -g nobody)" --clear-groups)
    if ! "${as_user[@]}" true 2>/dev/null; then
      why="it can't run as root, and root can't become nobody here"
      return 1
    fi
  fi
  maven_fetch "elasticsearch-$1" unpack "org.elasticsearch.distribution.integ-test-zip:elasticsearch:$1:zip"
}

# elasticsearch_copy FOLDER: a copy of the server, since it writes to its own folder.
elasticsearch_copy() {
  mkdir -p "$1/tmp"
  cp -R --reflink=auto "$maven_cache/elasticsearch-$elasticsearch_version/elasticsearch-$elasticsearch_version/." "$1"
  chmod u+x "$1"/bin/*
  if ((EUID == 0)); then
    chown -R nobody "$1"
    chmod a+x "$dir" "$data"
    "${as_user[@]}" test -x "$1/bin/elasticsearch" || fail "nobody can't get into $dir, and Elasticsearch doesn't run as root"
  fi
}

# elasticsearch_command FOLDER NAME=value...: sets `command` to a server at $host:$port, with these settings.
elasticsearch_command() {
  local folder=$1 setting
  shift
  # Whoever becomes another user forgets whom to die with.
  command=("${as_user[@]}" "${die_with_us[@]}" env -u JAVA_TOOL_OPTIONS JAVA_HOME="$java_home" ES_JAVA_HOME="$java_home"
    ES_TMPDIR="$folder/tmp" ES_JAVA_OPTS="${search_java_options[*]}" CLI_JAVA_OPTS="-XX:-UsePerfData -XX:TieredStopAtLevel=1"
    "$folder/bin/elasticsearch")
  for setting in "cluster.name=tymbal-test-$port" "network.host=$host" "http.port=$port" \
    cluster.routing.allocation.disk.threshold_enabled=false "$@"; do
    command+=(-E "$setting")
  done
}
