# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# What examples/run, tests/run and .ci/run have in common. To be sourced.

tl_top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# The tools that are written in Python want to read UTF-8.
if [ "$(locale charmap 2>/dev/null || true)" != UTF-8 ]; then
  export LC_ALL=C.UTF-8
fi

# Says something on stderr; stdout belongs to the program that is run.
tl_say() {
  printf '%s: %s\n' "${tl_who:-threadloop}" "$*" >&2
}

tl_die() {
  tl_say "$*"
  exit 1
}

# tl_build DIR OPTION...: configures DIR if that was not done yet or was done
# otherwise, and compiles.
tl_build() {
  local dir=$1 stamp
  shift
  stamp="$tl_top|${CC:-}|${CFLAGS:-}|$(meson --version)|$*"
  if [ ! -f "$dir/build.ninja" ] || [ "$(cat "$dir/.tl-options" 2>/dev/null || true)" != "$stamp" ]; then
    tl_say "configuring ${dir#"$tl_top"/}: meson setup $*"
    rm -rf "$dir"
    mkdir -p "$dir"
    meson setup "$dir" "$tl_top" "$@" >&2
    printf '%s' "$stamp" > "$dir/.tl-options"
  fi
  tl_say "compiling in ${dir#"$tl_top"/}"
  ninja -C "$dir" >&2
}

# tl_test DIR [OPTION...]: runs the tests of a build directory; prints what
# failed, and "N passed, N failed" as the last line of stdout.
tl_test() {
  local dir=$1 status=0
  shift
  tl_say "running the tests of ${dir#"$tl_top"/}: meson test $*"
  rm -f "$dir"/meson-logs/testlog*
  meson test -C "$dir" --no-rebuild "$@" >&2 || status=$?
  python3 "$tl_top/build-aux/test-summary.py" "$dir" "$status"
}
