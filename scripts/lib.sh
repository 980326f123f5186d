# Sourced by the other scripts: messages, the package list, running a long command in the background.
# shellcheck shell=bash

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

say() { printf '%s\n' "$*"; }

fail() {
  printf '%s: %s\n' "$(basename "$0")" "$*" >&2
  exit 1
}

# Prints the packages of one group of scripts/packages, one on a line.
packages_of() {
  awk -v group="[$1]" '/^\[/ { on = ($1 == group); next } on && !/^#/ && NF { print $1 }' \
    "$root/scripts/packages"
}

# What run_logged waits for: the leader of a process group, so that whoever is interrupted can end all of it.
child=

end_child() {
  if [[ -n $child ]]; then
    kill -TERM -- "-$child" 2>/dev/null || true
    wait "$child" 2>/dev/null || true
  fi
}
trap 'end_child; exit 130' INT
trap 'end_child; exit 143' TERM

# Prints the last line of a log as a sign of life: in place on a terminal, as a line of its own elsewhere.
show_progress() {
  local line
  line=$(tail -c 2000 "$1" | tr '\r' '\n' | tail -n 1 | tr -cd '[:print:]')
  if [[ -t 1 ]]; then
    printf '\r\033[K    %.90s' "$line"
  elif [[ -n $line ]]; then
    printf '    ... %.110s\n' "$line"
  fi
}

# run_logged LOG COMMAND...: runs the command with all its output in LOG. Returns its status.
run_logged() {
  local log=$1 status=0 every=30 shown=$SECONDS
  shift
  if [[ -t 1 ]]; then every=1; fi
  set -m # The next job gets its process group.
  "$@" >"$log" 2>&1 </dev/null 9>&- & # 9 is the lock of scripts/test: not for anybody's daemon.
  child=$!
  set +m
  while kill -0 "$child" 2>/dev/null; do
    sleep 0.1
    if ((SECONDS - shown >= every)); then
      shown=$SECONDS
      show_progress "$log"
    fi
  done
  wait "$child" || status=$?
  child=
  if [[ -t 1 ]]; then printf '\r\033[K'; fi
  return "$status"
}

# Prints the end of a log after something failed.
show_log() {
  local lines=${2:-60}
  say "---- the last $lines lines of ${1#"$root"/}"
  tail -n "$lines" "$1"
  say "----"
}

# Prints how many compilers may run at once: one per processor, but each may take 1.5 GiB.
build_jobs() {
  local jobs memory_kib
  jobs=$(nproc)
  memory_kib=$(awk '/^MemAvailable:/ { print $2 }' /proc/meminfo)
  if ((jobs > memory_kib / 1572864)); then jobs=$((memory_kib / 1572864)); fi
  if ((jobs < 1)); then jobs=1; fi
  printf '%s\n' "${TYMBAL_JOBS:-$jobs}"
}

# Objects of one clone serve another one of the same user, too.
use_ccache() {
  export CCACHE_BASEDIR=$root CCACHE_NOHASHDIR=1
}

# configure LOG DIRECTORY PRESET OPTION...: an up-to-date build directory. One that was made in another
# place (a copied tree) is made anew.
configure() {
  local log=$1 directory=$2 preset=$3 home=
  local -a options=()
  shift 3
  if command -v ccache >/dev/null; then options+=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache); fi
  if [[ -e $directory/CMakeCache.txt ]]; then
    home=$(sed -n 's/^CMAKE_HOME_DIRECTORY:INTERNAL=//p' "$directory/CMakeCache.txt")
    if [[ $home != "$root" ]]; then options+=(--fresh); fi
  fi
  run_logged "$log" timeout --kill-after=10 300 \
    cmake -S "$root" --preset "$preset" -B "$directory" "${options[@]}" "$@"
}

# The tree must be writable; that it is not has one usual reason.
need_build_directory() {
  mkdir -p "$1" 2>/dev/null || true
  [[ -w $1 ]] ||
    fail "cannot write to ${1#"$root"/}: was it made by another user? Remove it or change its owner."
}

# build_tymbal NAME: builds the program, without tests, in build/NAME, and sets `tymbal` to it. A release
# build that is there already (scripts/test makes one) serves as well. REQUIRES: the root is the folder.
build_tymbal() {
  local name=$1 directory=build/$1 log=build/$1.log
  local -a options=(-DTYMBAL_TESTS=OFF)
  need_build_directory "$root/build"
  use_ccache
  if [[ -e build/release/CMakeCache.txt && -w build/release ]]; then
    directory=build/release
    options=()
  fi
  say "$name: building in $directory (the first time takes a few minutes)"
  if ! configure "$root/$log" "$root/$directory" release "${options[@]}"; then
    show_log "$root/$log"
    fail "could not configure the build, see $log"
  fi
  if ! run_logged "$root/$log" timeout --kill-after=10 1800 \
    cmake --build "$root/$directory" --target tymbal -j "$(build_jobs)"; then
    show_log "$root/$log"
    fail "could not build, see $log"
  fi
  # shellcheck disable=SC2034 # For whoever called.
  tymbal=$directory/tymbal
}
