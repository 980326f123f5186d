# ZooKeeper: one server.
# shellcheck shell=bash disable=SC2154,SC2034 # The variables are those of scripts/stack.
# shellcheck source=scripts/stack.d/lib-zookeeper.sh
. "$root/scripts/stack.d/lib-zookeeper.sh"

zookeeper_prepare() { mkdir -p "$data"; }

zookeeper_command() { zookeeper_run "$data" 500; }

zookeeper_ready() { zookeeper_answers "127.0.0.1:$port"; }
