# Sourced by the kinds of ZooKeeper: Debian's packages, and no configuration of this machine.
# shellcheck shell=bash disable=SC2154,SC2034 # The variables are those of scripts/stack.

zookeeper_find() {
  if ! command -v java >/dev/null; then
    why="there is no java: scripts/setup stack"
    return 1
  fi
  if [[ ! -r /usr/share/java/zookeeper.jar ]]; then
    why="there is no zookeeper.jar: scripts/setup stack"
    return 1
  fi
}

# zookeeper_run FOLDER TICK LINE...: sets `command` to a server at $host:$port with its data in FOLDER, a tick of
# TICK ms, and further lines of configuration.
zookeeper_run() {
  local folder=$1 tick=$2 part
  local -a jars=()
  shift 2
  for part in zookeeper zookeeper-jute slf4j-api slf4j-simple netty metrics-core snappy-java commons-cli \
    jackson-annotations jackson-core jackson-databind; do
    if [[ -r /usr/share/java/$part.jar ]]; then jars+=("/usr/share/java/$part.jar"); fi
  done
  mkdir -p "$folder"
  cat >"$folder/zoo.cfg" <<CONFIG
tickTime=$tick
dataDir=$folder
clientPort=$port
clientPortAddress=$host
admin.enableServer=false
4lw.commands.whitelist=ruok,srvr,mntr
maxClientCnxns=0
maxSessionTimeout=60000
CONFIG
  printf '%s\n' "$@" >>"$folder/zoo.cfg"
  local IFS=:
  command=(java -Xmx128m -XX:+UseSerialGC -XX:TieredStopAtLevel=1
    -Dorg.slf4j.simpleLogger.defaultLogLevel=error -cp "${jars[*]}"
    org.apache.zookeeper.server.quorum.QuorumPeerMain "$folder/zoo.cfg")
}

# zookeeper_answers URL: returns 0 once the server at $host:$port serves; prints the facts.
zookeeper_answers() {
  local answer=''
  { exec 3<>"/dev/tcp/$host/$port"; } 2>/dev/null || return 1
  printf 'srvr' >&3
  answer=$(timeout 5 cat <&3) || true
  exec 3>&-
  [[ $answer == *Mode:* ]] || return 1
  printf '%s\n' "URL=$1" "VERSION=$(sed -n 's/^Zookeeper version: \([0-9.]*\).*/\1/p' <<<"$answer")"
}
