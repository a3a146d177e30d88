#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Checks the program checksum against the coreutils.
#
#   test-checksum.sh CHECKSUM
# shellcheck disable=SC2317  # all functions are called through check
set -uo pipefail

checksum=$(realpath "$1")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch" || exit 1
export LC_ALL=C

failed=0

# check WHAT COMMAND...
check() {
  local what=$1
  shift
  if "$@"; then
    echo "ok: $what"
  else
    echo "FAILED: $what"
    failed=1
  fi
}

# has_status WANTED COMMAND...: its output is in out and err.
has_status() {
  local wanted=$1 status=0
  shift
  timeout 300 "$@" > "$scratch/out" 2> "$scratch/err" || status=$?
  [ "$status" -eq "$wanted" ] || {
    echo "status $status, not $wanted: $*"
    cat "$scratch/err"
    return 1
  }
}

# Whether file out has the lines that TOOL prints for the files under DIR, in
# any order.
same_as() {
  local tool=$1 dir=$2
  find "$dir" -type f -exec "$tool" {} + | sort > "$scratch/wanted"
  sort "$scratch/out" | cmp - "$scratch/wanted"
}

only_whole_lines() {
  ! grep -a -v -q -E '^\\?[0-9a-f]{64}  .' "$1" && { [ ! -s "$1" ] || [ -z "$(tail -c 1 "$1")" ]; }
}

make_odd_tree() {
  local name
  mkdir -p "odd/sub/-dir" odd/empty-dir
  for name in plain 'with space' ' lead' 'trail ' -dash '*star' $'new\nline' $'cr\rhere' 'back\slash' \
              $'\\\n\r' $'not-utf8-\377\376' 'ünïcode' "quo'te" '"' '#hash' '\n'; do
    printf 'content of %s' "$name" > "odd/$name"
    printf '%s' "$name" > "odd/sub/-dir/$name"
  done
  : > odd/nothing-in-it
  head -c 300000 /dev/urandom > odd/bigger
  ln -s plain odd/link
  ln -s sub odd/link-to-dir
  ln -s missing odd/dangling
  mkfifo odd/fifo
}

odd_names() {
  has_status 0 "$checksum" odd && same_as sha256sum odd && only_whole_lines out &&
    sha256sum -c --strict --quiet out
}

default_is_here() {
  (cd odd && has_status 0 "$checksum") && (cd odd && sha256sum -c --strict --quiet ../out) &&
    grep -q '  \./plain$' out
}

paths_as_given() {
  local dir
  for dir in odd/ ./odd odd// odd/../odd "$PWD/odd"; do
    has_status 0 "$checksum" "$dir" && same_as sha256sum "$dir" || return 1
  done
}

file_arguments() {
  has_status 0 "$checksum" odd/plain odd/link odd/bigger &&
    sort out > got && sha256sum odd/plain odd/link odd/bigger | sort | cmp - got
}

dash_argument() {
  (cd odd && has_status 0 "$checksum" -- -dash) && [ "$(cut -d ' ' -f 3 out)" = -dash ]
}

algorithms() {
  local name
  for name in md5 sha1 sha256 sha384 sha512; do
    has_status 0 "$checksum" --algorithm "$name" --jobs 3 odd && same_as "${name}sum" odd || return 1
  done
}

summary() {
  has_status 0 "$checksum" odd &&
    grep -q -E '^checksum: [0-9]+ files, [0-9]+ bytes, [0-9.]+ MB/s, main loop held up for [0-9.]+ ms at most$' err &&
    [ "$(wc -l < err)" -eq 1 ]
}

no_escapes_off_terminal() {
  has_status 0 "$checksum" --progress=always odd && ! grep -a -q $'\033' out err
}

# Root can read everything, so let there be what nobody can.
unreadable() {
  has_status 1 "$checksum" odd "$(printf 'miss\ning')" odd/fifo odd/dangling odd/plain &&
    grep -a -q -x 'checksum: miss\\ning: No such file or directory' err &&
    grep -a -q -x 'checksum: odd/fifo: Not a regular file' err &&
    grep -a -q -x 'checksum: odd/dangling: No such file or directory' err &&
    [ "$(wc -l < err)" -eq 4 ] &&
    sha256sum -c --strict --quiet out &&
    [ "$(wc -l < out)" -eq "$(($(find odd -type f -printf x | wc -c) + 1))" ]
}

permission_denied() {
  mkdir -p locked/dir && echo x > locked/file && echo y > locked/dir/file && echo z > locked/open || return 1
  chmod 0 locked/file locked/dir
  if [ -r locked/file ]; then
    echo "(not for root)"
    return 0
  fi
  has_status 1 "$checksum" locked &&
    grep -q -x 'checksum: locked/file: Permission denied' err &&
    grep -q -x 'checksum: locked/dir: Permission denied' err &&
    [ "$(wc -l < out)" -eq 1 ]
  local result=$?
  chmod 755 locked/dir
  return "$result"
}

vanishing_directory() {
  has_status 1 "$checksum" /proc/self/task/nothing && grep -q 'nothing: No such file or directory' err
}

nothing_to_do() {
  mkdir -p void && has_status 0 "$checksum" void && [ ! -s out ] && grep -q '^checksum: 0 files' err
}

# interrupt SIGNAL STATUS COMMAND...: STATUS soon after the signal. It would be
# at the large files for several minutes.
interrupt() {
  local signal=$1 wanted=$2 status=0 pid before took
  shift 2
  # Not the lines of the one before: the signal would come before the program,
  # to a copy of this shell that cleans up behind itself.
  rm -f out
  "$@" > out 2> err &
  pid=$!
  # Until it has printed the small file, it is on to the large ones.
  for _ in $(seq 600); do
    [ -s out ] && break
    sleep 0.1
  done
  before=$(date +%s%N)
  kill "-$signal" "$pid"
  wait "$pid" || status=$?
  took=$((($(date +%s%N) - before) / 1000000))
  echo "(it ended $took ms after the signal)"
  [ "$status" -eq "$wanted" ] && [ "$took" -lt 20000 ] && only_whole_lines out
}

make_huge_tree() {
  local i
  mkdir -p huge
  echo small > huge/small
  for i in $(seq 20); do
    truncate -s 20G "huge/$i"
  done
}

ctrl_c() {
  interrupt INT 130 "$checksum" --jobs 2 huge/small huge && ! grep -q -v 'main loop held up' err
}

terminate() {
  interrupt TERM 143 "$checksum" --jobs 2 huge/small huge
}

# The pipe is full and nobody reads it; the last line in it is whole.
ctrl_c_with_blocked_output() {
  local pid first status=0
  mkdir -p many && (cd many && seq -f 'a-rather-long-name-for-a-file-%g' 3000 | xargs touch)
  mkfifo pipe
  "$checksum" many > pipe 2> err &
  pid=$!
  exec 7< pipe
  # It is at it, and then has the time to fill the pipe.
  IFS= read -r first <&7
  sleep 1
  kill -INT "$pid"
  wait "$pid" || status=$?
  { printf '%s\n' "$first"; cat <&7; } > out
  exec 7<&-
  [ "$status" -eq 130 ] && [ -s out ] && only_whole_lines out && sha256sum -c --strict --quiet out
}

full_disk() {
  local status=0
  timeout 300 "$checksum" odd > /dev/full 2> err || status=$?
  [ "$status" -eq 1 ] && [ "$(grep -c '^checksum: standard output: No space left on device$' err)" -eq 1 ] &&
    [ "$(wc -l < err)" -eq 2 ]
}

closed_pipe() {
  local statuses
  timeout 300 "$checksum" many 2> err | head -n 1 > out
  statuses=("${PIPESTATUS[@]}")
  [ "${statuses[0]}" -eq 1 ] && [ "$(grep -c '^checksum: standard output: Broken pipe$' err)" -eq 1 ] &&
    only_whole_lines out
}

closed_output() {
  local status=0
  timeout 300 "$checksum" odd >&- 2> err || status=$?
  [ "$status" -eq 1 ] && grep -q '^checksum: standard output: Bad file descriptor$' err
}

usage() {
  local option
  for option in --nonsense --jobs=0 --jobs=x --algorithm=crc32 --progress=sometimes; do
    has_status 2 "$checksum" "$option" odd && grep -q "^checksum: .*${option%%=*}" err && [ ! -s out ] || return 1
  done
  has_status 0 "$checksum" --help && grep -q -e --algorithm out
}

make_odd_tree
make_huge_tree
check 'prints what sha256sum prints, odd names too' odd_names
check 'takes the current directory by default' default_is_here
check 'prints paths as find does' paths_as_given
check 'takes files' file_arguments
check 'takes a file whose name begins with a dash' dash_argument
check 'knows all algorithms' algorithms
check 'ends with one line of summary' summary
check 'prints no escape sequences off a terminal' no_escapes_off_terminal
check 'has a line for each unreadable file, and goes on' unreadable
check 'has a line where permission is denied, and goes on' permission_denied
check 'has a line for a missing directory' vanishing_directory
check 'has nothing to do in an empty directory' nothing_to_do
check 'ends with 130 at once on SIGINT' ctrl_c
check 'ends with 143 at once on SIGTERM' terminate
check 'ends on SIGINT while its output is blocked' ctrl_c_with_blocked_output
check 'says that the disk is full' full_disk
check 'says that the pipe was closed' closed_pipe
check 'says that the output is closed' closed_output
check 'says which option is wrong' usage

exit "$failed"
