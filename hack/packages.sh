# Installs what is missing of the Debian or Ubuntu packages named: sourced by other scripts.
# usage: ensure_packages PACKAGE...
ensure_packages() {
  local missing=() p
  for p in "$@"; do
    dpkg-query -W -f='${Status}' "$p" 2>/dev/null | grep -q 'ok installed' || missing+=("$p")
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
  echo "installing ${missing[*]}"
  local log
  log=$(mktemp)
  # Services of these packages must not start: the cluster runs its own.
  local policy=/usr/sbin/policy-rc.d made=
  if [ ! -e "$policy" ]; then printf '#!/bin/sh\nexit 101\n' >"$policy"; chmod +x "$policy"; made=1; fi
  if ! { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    [ -n "$made" ] && rm -f "$policy"
    return 1
  fi
  [ -n "$made" ] && rm -f "$policy"
  rm -f "$log"
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
