# ZooKeeper from Debian's packages: one server.
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

zookeeper_prepare() { mkdir -p "$data"; }

# The jars that Debian's zookeeper package runs with, and no configuration of this machine.
zookeeper_command() {
  local -a jars=()
  local name
  for name in zookeeper zookeeper-jute slf4j-api slf4j-nop netty metrics-core snappy-java commons-cli \
    jackson-annotations jackson-core jackson-databind; do
    if [[ -r /usr/share/java/$name.jar ]]; then jars+=("/usr/share/java/$name.jar"); fi
  done
  cat >"$data/zoo.cfg" <<CONFIG
tickTime=500
dataDir=$data
clientPort=$port
clientPortAddress=127.0.0.1
admin.enableServer=false
4lw.commands.whitelist=ruok,srvr,mntr
maxClientCnxns=0
CONFIG
  local IFS=:
  command=(java -Xmx128m -XX:+UseSerialGC -cp "${jars[*]}"
    org.apache.zookeeper.server.quorum.QuorumPeerMain "$data/zoo.cfg")
}

zookeeper_ready() {
  local answer=''
  { exec 3<>"/dev/tcp/127.0.0.1/$port"; } 2>/dev/null || return 1
  printf 'srvr' >&3
  answer=$(timeout 5 cat <&3) || true
  exec 3>&-
  [[ $answer == *Mode:* ]] || return 1
  printf '%s\n' "URL=127.0.0.1:$port" "VERSION=$(sed -n 's/^Zookeeper version: \([0-9.]*\).*/\1/p' <<<"$answer")"
}
