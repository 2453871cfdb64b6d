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

# step NAME COMMAND...: counts one test that passes when the command does.
step() {
  local name=$1; shift
  echo "== $name"
  if "$@"; then passed=$((passed + 1)); else failed=$((failed + 1)); echo "FAILED: $name"; fi
}

# counted NAME COMMAND...: adds the counts of its closing line `N passed, N failed`.
counted() {
  local name=$1 log="$logs/$RANDOM" ok; shift
  echo "== $name"
  "$@" 2>&1 | tee "$log"; ok=${PIPESTATUS[0]}
  local line
  line=$(grep -E '^[0-9]+ passed, [0-9]+ failed$' "$log" | tail -n 1)
  if [ -n "$line" ]; then
    local f; f=$(echo "$line" | awk '{print $3}')
    passed=$((passed + $(echo "$line" | awk '{print $1}'))); failed=$((failed + f))
    [ "$ok" -ne 0 ] && [ "$f" -eq 0 ] && failed=$((failed + 1))
  else
    failed=$((failed + 1)); echo "FAILED: $name gave no counts (exit $ok)"
  fi
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

echo
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
