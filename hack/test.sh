#!/usr/bin/env bash
# All tests: installs what they need, runs them, prints `N passed, N failed` last.
set -uo pipefail
cd "$(dirname "$0")/.."
. hack/packages.sh
export PATH="$PWD/node_modules/.bin:$PATH:/usr/sbin:/sbin"

ensure_node_tools || exit 1
ensure_tools etcd:etcd-server ps:procps gcc:gcc /usr/include/stdio.h:libc6-dev unzip:unzip || exit 1
ensure_npm || exit 1

passed=0 failed=0
logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT

# told NAME LOG: keeps what a failing stage said of its failures, for the end.
told() {
  local name=$1 log=$2
  {
    echo "== $name"
    if grep -qE '^ *[0-9]+ failing$' "$log"; then sed -nE '/^ *[0-9]+ failing$/,$p' "$log" | head -n 120
    elif grep -qaE 'FAILED|fails now' "$log"; then grep -aE -A 12 'FAILED|fails now' "$log" | head -n 120
    else tail -n 40 "$log"; fi
  } >> "$logs/failures"
}

# step NAME COMMAND...: counts one test that passes when the command does.
step() {
  local name=$1 log="$logs/stage"; shift
  echo "== $name"
  "$@" 2>&1 | tee "$log"
  if [ "${PIPESTATUS[0]}" -eq 0 ]; then passed=$((passed + 1)); return; fi
  failed=$((failed + 1)); echo "FAILED: $name"; told "$name" "$log"
}

# counted NAME COMMAND...: adds the counts of its closing line `N passed, N failed`.
counted() {
  local name=$1 log="$logs/stage" ok line p f; shift
  echo "== $name"
  "$@" 2>&1 | tee "$log"; ok=${PIPESTATUS[0]}
  line=$(grep -aE '^[0-9]+ passed, [0-9]+ failed$' "$log" | tail -n 1)
  if [ -z "$line" ]; then
    p=0 f=1; echo "FAILED: $name gave no counts (exit $ok)"
  else
    p=$(echo "$line" | awk '{print $1}') f=$(echo "$line" | awk '{print $3}')
    [ "$ok" -ne 0 ] && [ "$f" -eq 0 ] && f=1
  fi
  passed=$((passed + p)) failed=$((failed + f))
  [ "$f" -eq 0 ] || told "$name" "$log"
}

unit() {
  local log="$logs/unit" ok
  mocha 2>&1 | tee "$log"; ok=${PIPESTATUS[0]}
  local p f
  p=$(grep -oE '[0-9]+ passing' "$log" | awk '{print $1}'); f=$(grep -oE '[0-9]+ failing' "$log" | awk '{print $1}')
  echo "${p:-0} passed, ${f:-$([ "$ok" -eq 0 ] && echo 0 || echo 1)} failed"
  return "$ok"
}

step 'format and lint' biome check .
step 'types' tsc
step 'import direction' node hack/check-imports.ts
counted 'unit tests' unit
if [ -e ../shared/golden/replay.mjs ]; then
  counted 'recorded answers of the real server' node conformance/golden.ts
else
  echo '== recorded answers of the real server: not on this machine (see conformance/golden.ts)'
fi
# Two to three minutes; K8TS_FUZZ_SECONDS and `--seed random` make a longer and another one of it.
counted 'the API server as a process: rough clients, kills, both stores' conformance/api/run.sh
counted 'end to end: kubectl and helm on real containers' conformance/e2e/run.sh

if [ -e "$logs/failures" ]; then
  echo; echo "What failed:"; cat "$logs/failures"
fi
echo
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
