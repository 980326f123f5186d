# Sourced by the kinds whose programs come from Maven Central, through mvn as this machine has it configured. They
# are fetched once, into the user's cache.
# shellcheck shell=bash disable=SC2154,SC2034 # The variables are those of scripts/stack.

maven_cache=${XDG_CACHE_HOME:-$HOME/.cache}/tymbal
maven_seconds_max=600
maven_plugin=org.apache.maven.plugins:maven-dependency-plugin:3.6.1

# maven_fetch NAME jars|unpack|copy GROUP:ARTIFACT:VERSION[:TYPE[:CLASSIFIER]]: fills the folder $maven_cache/NAME with
# the artifact and all jars that it needs, or with what its archive holds, or with the artifact alone. Returns 1
# with the reason in `why` if it can't be had.
maven_fetch() {
  local folder=$maven_cache/$1 log_file=$maven_cache/$1-fetch.log
  if [[ -d $folder ]]; then return 0; fi
  if ! command -v mvn >/dev/null; then
    why="there is no mvn to fetch it with: scripts/setup stack"
    return 1
  fi
  if ! mkdir -p "$maven_cache" 2>/dev/null; then
    why="cannot write to the cache folder"
    return 1
  fi
  (
    # Two at once would spoil the local repository.
    exec 8>"$maven_cache/maven.lock"
    flock --wait "$maven_seconds_max" 8
    if [[ -d $folder ]]; then exit 0; fi
    say "$1: fetching it once" >&2
    work=$(mktemp -d "$maven_cache/$1-XXXXXX")
    trap 'rm -rf "$work"' EXIT
    mkdir "$work/new"
    maven_run "$work" "$2" "$3" >"$log_file" 2>&1 8>&- </dev/null || exit 1
    chmod -R go=u-w "$work/new"
    mv "$work/new" "$folder"
  ) || {
    # The end of Maven's first complaint, without the repository's address.
    why=$({ grep -m 1 -F '[ERROR]' "$log_file" || tail -n 1 "$log_file"; } 2>/dev/null |
      sed -e 's/ -> \[Help.*//' -e 's#[a-z]*://[^ )]*#...#g' -e 's/.*: //' -e 's/.*\[ERROR\] //' | cut -c1-120)
    why="it can't be fetched: ${why:-no answer within $maven_seconds_max s}"
    return 1
  }
}

# maven_run WORK WHAT ARTIFACT: into WORK/new.
maven_run() {
  local -a mvn=(timeout "$maven_seconds_max" mvn -q -B -Dstyle.color=never -Dmaven.repo.local="$maven_cache/m2")
  local group artifact version
  cd "$1" || return 1
  if [[ $2 != jars ]]; then
    "${mvn[@]}" "$maven_plugin:$2" -Dartifact="$3" -DoutputDirectory="$1/new"
    return
  fi
  IFS=: read -r group artifact version <<<"$3"
  cat >pom.xml <<POM
<project>
  <modelVersion>4.0.0</modelVersion>
  <groupId>fetch</groupId>
  <artifactId>fetch</artifactId>
  <version>1</version>
  <dependencies>
    <dependency>
      <groupId>$group</groupId>
      <artifactId>$artifact</artifactId>
      <version>$version</version>
    </dependency>
  </dependencies>
</project>
POM
  "${mvn[@]}" "$maven_plugin:copy-dependencies" -DincludeScope=runtime -DoutputDirectory="$1/new"
}
