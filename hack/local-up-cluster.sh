#!/usr/bin/env bash
# Starts a one-node cluster on this machine and stays in front until Ctrl-C.
# Installs what is missing first. Flags are those of `k8ts up`.
set -euo pipefail
cd "$(dirname "$0")/.."
. hack/packages.sh

node=1 help=
for arg in "$@"; do
  case $arg in --no-node) node= ;; -h | --help) help=1 ;; esac
done
if [ -n "$node" ] && [ -z "$help" ]; then
  if [ "$(id -u)" -ne 0 ]; then
    echo "a node needs root: run 'sudo hack/local-up-cluster.sh', or only the control plane with --no-node" >&2
    exit 1
  fi
  ensure_node_tools
fi
ensure_npm
# The cluster runs without it: it is only for trying it out.
[ -n "$help" ] || ensure_kubectl || true
exec cli/k8ts up "$@"
