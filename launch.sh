#!/bin/sh
# Find a Python 3.10 or newer and replace this process with it: `exec` keeps the process that the runner started, so it
# gets the signals of a cancelled job. Arguments go to bootstrap.py. Only what is built into the shell is used.
#
# Earlier steps control the environment. Entries of PATH that are empty, relative or inside the workspace are
# skipped, and variables that load libraries are removed. What a candidate prints decides, not its name.

set -u
unset -f cd echo pwd test 2>/dev/null || : # functions that bash imports from the environment
unset LD_PRELOAD LD_LIBRARY_PATH LD_AUDIT GCONV_PATH SSLKEYLOGFILE
unset OPENSSL_CONF OPENSSL_CONF_INCLUDE OPENSSL_MODULES OPENSSL_ENGINES
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
libraries=
probe='import sys; print("python/%d/%d/%d/%s" % (tuple(sys.version_info[:3]) + (sys.executable,)))'

# End with exit code 2. Arguments: the code of the problem, what happened, and what to do, without backslashes.
stop() {
  if [ "${GITHUB_ACTIONS:-}" = true ]; then
    echo "::error title=pypi-trusted-publish $1::$2 $3"
  else
    echo "$2 $3"
  fi
  if [ -n "${GITHUB_STEP_SUMMARY:-}" ] && [ ! -p "$GITHUB_STEP_SUMMARY" ]; then # a pipe would be waited for
    (
      {
        echo '### Nothing was published: the action could not start'
        echo
        echo "    $2"
        echo "    $3"
        echo
        # shellcheck disable=SC2016 # Markdown
        echo 'See `docs/troubleshooting.md`.'
      } >>"$GITHUB_STEP_SUMMARY"
    ) 2>/dev/null || echo 'The summary could not be written.'
  fi
  exit 2
}

# Record what was found. The name of a folder may look like a workflow command, so unusual ones are not printed.
note() {
  case $1 in
    *[!A-Za-z0-9_./@+~\ -]*) found="$found, ${1##*/} in a folder with unusual characters in its name ($2)" ;;
    *) found="$found, $1 ($2)" ;;
  esac
}

# Ask one candidate; `python` is set when it fits. An interpreter of the tool cache needs its own folder of libraries.
try() {
  beside=$(CDPATH='' cd -- "${1%/*}" && pwd -P) || beside=
  beside=${beside%/*}/lib
  case $(trusted "$beside" && echo "$beside"/libpython*.so*) in
    '' | *'*'*) beside= ;;
  esac
  answer=$(cd / && {
    [ -z "$beside" ] || export LD_LIBRARY_PATH="$beside"
    "$@" -I -S -c "$probe" 2>/dev/null </dev/null
  }) || answer=
  case $answer in
    python/[0-9]*/[0-9]*/[0-9]*/?*) ;;
    *)
      note "$1" 'did not answer as a Python'
      return 1
      ;;
  esac
  rest=${answer#python/}
  major=${rest%%/*} && rest=${rest#*/}
  minor=${rest%%/*} && rest=${rest#*/}
  micro=${rest%%/*}
  note "$1" "$major.$minor.$micro"
  [ "$major" -gt 3 ] || { [ "$major" -eq 3 ] && [ "$minor" -ge 10 ]; } || return 1
  python=${rest#*/}
  libraries=$beside
}

# Whether a folder can be trusted: it exists and is not inside the workspace.
trusted() {
  real=$(CDPATH='' cd -- "$1" 2>/dev/null && pwd -P) || return 1
  case $real/ in
    "${workspace:-/dev/null}"/*) return 1 ;;
  esac
}

# Try a command of this name in each trusted entry of PATH; further arguments come before the probe.
search() {
  name=$1
  shift
  set -f
  IFS=:
  for entry in ${PATH-}; do
    case $entry in
      /*) trusted "$entry" || continue ;;
      *) continue ;;
    esac
    unset IFS
    set +f
    if [ -f "$entry/$name" ] && [ -x "$entry/$name" ] && try "$entry/$name" "$@"; then break; fi
  done
  unset IFS
  set +f
  [ -n "$python" ]
}

# The runner's tool cache: final releases before others, regular builds before free-threaded ones, then the newest.
search_tools() {
  [ -n "${RUNNER_TOOL_CACHE:-}" ] && trusted "$RUNNER_TOOL_CACHE" || return 1
  best=-1
  chosen=
  chosen_libraries=
  for candidate in "$RUNNER_TOOL_CACHE"/Python/3.*/*/bin/python3; do
    if [ -x "$candidate" ] && try "$candidate"; then
      inside=${candidate#"$RUNNER_TOOL_CACHE"/Python/}
      version=${inside%%/*}
      rank=$((major * 1000000 + minor * 1000 + micro))
      case $version in
        *-*) ;;
        *) rank=$((rank + 200000000)) ;;
      esac
      case ${inside#*/} in
        *-freethreaded/*) ;;
        *) rank=$((rank + 100000000)) ;;
      esac
      if [ "$rank" -gt "$best" ]; then
        best=$rank
        chosen=$python
        chosen_libraries=$libraries
      fi
    fi
  done
  python=$chosen
  libraries=$chosen_libraries
  [ -n "$python" ]
}

if [ "${RUNNER_OS:-}" = macOS ]; then
  loading=
  [ -z "${DYLD_INSERT_LIBRARIES:-}" ] || loading="$loading DYLD_INSERT_LIBRARIES"
  [ -z "${DYLD_LIBRARY_PATH:-}" ] || loading="$loading DYLD_LIBRARY_PATH"
  [ -z "${DYLD_FRAMEWORK_PATH:-}" ] || loading="$loading DYLD_FRAMEWORK_PATH"
  [ -z "${DYLD_FALLBACK_LIBRARY_PATH:-}" ] || loading="$loading DYLD_FALLBACK_LIBRARY_PATH"
  [ -z "${DYLD_FALLBACK_FRAMEWORK_PATH:-}" ] || loading="$loading DYLD_FALLBACK_FRAMEWORK_PATH"
  [ -z "$loading" ] || stop libraries-by-environment \
    "An earlier step set variables that load libraries into this one:$loading." \
    'Do not write them to GITHUB_ENV: set them in the "env:" of the step that needs them.'
fi
if search python3 || search python || search py -3 || search_tools; then
  [ -z "$libraries" ] || export LD_LIBRARY_PATH="$libraries"
  exec "$python" -I -S -u -X utf8 "$here/bootstrap.py" "$@"
fi

message="No Python of 3.10 or newer on this runner. Found: ${found#, }."
[ -n "$found" ] || message="No Python on this runner's PATH or in its tool cache."
stop no-python "$message" 'Set one up before this step: "uses: actions/setup-python" with "python-version: 3.x".'
