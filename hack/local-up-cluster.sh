#!/usr/bin/env bash
# Starts a one-node cluster on this machine and stays in front until Ctrl-C.
# Installs what is missing first. Flags are those of `k8ts up`.
set -euo pipefail
cd "$(dirname "$0")/.."
. hack/packages.sh

node=1
for arg in "$@"; do [ "$arg" = --no-node ] && node=; done
if [ -n "$node" ]; then
  if [ "$(id -u)" -ne 0 ]; then
    echo "a node needs root: run 'sudo hack/local-up-cluster.sh', or only the control plane with --no-node" >&2
    exit 1
  fi
  ensure_packages containerd runc containernetworking-plugins nftables conntrack iproute2
fi
ensure_npm
exec cli/k8ts up "$@"
