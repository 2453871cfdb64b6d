#!/usr/bin/env bash
# Tests of the API server as a real process, on both stores: clients that race, leave, lie and read
# slowly; servers that are killed. Prints `N passed, N failed` last. Arguments go to every program
# (`--seed random`); K8TS_FUZZ_SECONDS and K8TS_WATCH_HISTORY_MS make it longer.
set -uo pipefail
cd "$(dirname "$0")/../.."
export PATH="$PWD/node_modules/.bin:$PATH"

passed=0 failed=0
log=$(mktemp)
trap 'rm -f "$log"' EXIT

for name in protocol watch-history readers lists durability etcd-compat fuzz; do
  echo "-- $name"
  node "conformance/api/$name.ts" "$@" 2>&1 | tee "$log"
  line=$(grep -aE '^[0-9]+ passed, [0-9]+ failed$' "$log" | tail -n 1)
  if [ -z "$line" ]; then
    failed=$((failed + 1)); echo "FAILED: $name gave no counts"
  else
    passed=$((passed + $(echo "$line" | awk '{print $1}')))
    failed=$((failed + $(echo "$line" | awk '{print $3}')))
  fi
done

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
