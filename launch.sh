#!/bin/sh
# Find a Python of 3.10 or newer and become it: `exec` keeps the process that the runner started, so the signals of a
# cancelled job arrive where they are needed. Arguments go to bootstrap.py. Only what is built into the shell is used.
#
# PATH belongs to whoever ran before: entries that are empty, relative or inside the workspace are passed over. What a
# candidate prints decides, not what it is called.

set -u
case $0 in
  */*) here=${0%/*} ;;
  *) here=. ;;
esac
here=$(CDPATH='' cd -- "$here" && pwd -P) || exit 70
workspace=
if [ -n "${GITHUB_WORKSPACE:-}" ]; then
  workspace=$(CDPATH='' cd -- "$GITHUB_WORKSPACE" 2>/dev/null && pwd -P) || workspace=$GITHUB_WORKSPACE
fi
found=
python=
probe='import sys; print("python/%d/%d/%d/%s" % (tuple(sys.version_info[:3]) + (sys.executable,)))'

# Ask one candidate; `python` is set when it fits. The version is compared by its first two numbers.
try() {
  answer=$(cd / && "$@" -I -S -c "$probe" 2>/dev/null </dev/null) || answer=
  case $answer in
    python/[0-9]*/[0-9]*/[0-9]*/?*) ;;
    *)
      found="$found, $1 (did not answer as a Python)"
      return 1
      ;;
  esac
  rest=${answer#python/}
  major=${rest%%/*} && rest=${rest#*/}
  minor=${rest%%/*} && rest=${rest#*/}
  found="$found, $1 ($major.$minor.${rest%%/*})"
  [ "$major" -gt 3 ] || { [ "$major" -eq 3 ] && [ "$minor" -ge 10 ]; } || return 1
  python=${rest#*/}
}

# Try a command of this name in each entry of PATH that can be trusted; further arguments stand before the probe.
search() {
  name=$1
  shift
  set -f
  IFS=:
  for entry in ${PATH-}; do
    case $entry in
      /*) ;;
      *) continue ;;
    esac
    real=$(CDPATH='' cd -- "$entry" 2>/dev/null && pwd -P) || continue
    case $real/ in
      "${workspace:-/dev/null}"/*) continue ;;
    esac
    if [ -f "$entry/$name" ] && [ -x "$entry/$name" ] && try "$entry/$name" "$@"; then break; fi
  done
  unset IFS
  set +f
  [ -n "$python" ]
}

# The runner's own collection; the last one that fits is the newest, for all that fit have two digits behind the dot.
search_tools() {
  [ -n "${RUNNER_TOOL_CACHE:-}" ] || return 1
  newest=
  for candidate in "$RUNNER_TOOL_CACHE"/Python/3.*/*/bin/python3; do
    if [ -x "$candidate" ] && try "$candidate"; then newest=$python; fi
  done
  python=$newest
  [ -n "$python" ]
}

if search python3 || search python || search py -3 || search_tools; then
  exec "$python" -I -S -u -X utf8 "$here/bootstrap.py" "$@"
fi

message="No Python of 3.10 or newer on this runner. Found: ${found#, }."
[ -n "$found" ] || message="No Python on this runner's PATH or in its tool cache."
remedy='Set one up before this step: "uses: actions/setup-python" with "python-version: 3.x".'
if [ "${GITHUB_ACTIONS:-}" = true ]; then
  printf '::error title=pypi-trusted-publish no-python::%s %s\n' "$message" "$remedy"
else
  printf '%s %s\n' "$message" "$remedy"
fi
if [ -n "${GITHUB_STEP_SUMMARY:-}" ]; then
  {
    printf '### Nothing was published: the action could not start\n\n    %s\n    %s\n\n' "$message" "$remedy"
    printf 'See `docs/troubleshooting.md`.\n'
  } 2>/dev/null >>"$GITHUB_STEP_SUMMARY" || printf 'The summary could not be written.\n'
fi
exit 2
