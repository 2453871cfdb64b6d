#!/usr/bin/env bash
# Tests of the API server as a real process, on both stores: clients that race, leave, lie and read
# slowly; servers that are killed. Prints `N passed, N failed` last. Arguments go to every program
# (`--seed random`); K8TS_FUZZ_SECONDS and K8TS_WATCH_HISTORY_MS make it longer.
set -uo pipefail
cd "$(dirname "$0")/../.."
export PATH="$PWD/node_modules/.bin:$PATH"

logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT

# lane NAME...: runs programs one after the other; each shows what it said when it has ended.
lane() {
  local name
  for name in "$@"; do
    node "conformance/api/$name.ts" "${arguments[@]}" > "$logs/$name" 2>&1
    echo "-- $name"$'\n'"$(tr -d '\000' < "$logs/$name")"
  done
}

arguments=("$@")
first=(watch-history readers etcd-compat kubeadm large)
second=(protocol encodings streams apply patches registry quota webhooks lists durability flood fuzz)
lane "${first[@]}" &
lane "${second[@]}"
wait

passed=0 failed=0
for name in "${first[@]}" "${second[@]}"; do
  line=$(grep -aE '^[0-9]+ passed, [0-9]+ failed$' "$logs/$name" | tail -n 1)
  if [ -z "$line" ]; then
    failed=$((failed + 1)); echo "FAILED: $name gave no counts"
  else
    passed=$((passed + $(echo "$line" | awk '{print $1}')))
    failed=$((failed + $(echo "$line" | awk '{print $3}')))
  fi
done

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
