#!/usr/bin/env bash
# Benchmarks the API server on both stores and writes the table of docs/performance.md.
set -euo pipefail
cd "$(dirname "$0")/.."
. hack/packages.sh
ensure_tools etcd:etcd-server
ensure_npm
exec node_modules/.bin/node hack/bench.ts "$@"
