# Three servers of ZooKeeper that elect a leader and go on while two of them live. They have the same ports and
# different loopback addresses: 127.0.1.1 is zookeeper-ensemble/1.
# shellcheck shell=bash disable=SC2154,SC2034 # The variables are those of scripts/stack.
# shellcheck source=scripts/stack.d/lib-zookeeper.sh
. "$root/scripts/stack.d/lib-zookeeper.sh"

zookeeper_ensemble_servers=(1 2 3)

zookeeper_ensemble_find() { zookeeper_find; }

zookeeper_ensemble_prepare() {
  local each
  for each in "${zookeeper_ensemble_servers[@]}"; do
    mkdir -p "$data/$each"
    printf '%s\n' "$each" >"$data/$each/myid"
  done
}

# Short ticks, for tests that wait; long limits, for machines that are busy with compiling.
zookeeper_ensemble_command() {
  local each
  local -a lines=(initLimit=100 syncLimit=50)
  for each in "${zookeeper_ensemble_servers[@]}"; do
    lines+=("server.$each=127.0.1.$each:$((port + 1)):$((port + 2))")
  done
  host=127.0.1.$server
  zookeeper_run "$data/$server" 200 "${lines[@]}"
}

zookeeper_ensemble_ready() {
  host=127.0.1.$server
  zookeeper_answers "127.0.1.1:$port,127.0.1.2:$port,127.0.1.3:$port"
}
