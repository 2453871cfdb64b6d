#!/usr/bin/env bash
# End-to-end test: a cluster in namespaces of its own without a way out, used with kubectl and helm
# on real containers. Needs root. Takes the flags of main.ts (--only REGEX, --stay).
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../.."
export PATH="$PWD/node_modules/.bin:$PATH:/usr/sbin:/sbin"

if [ "$(id -u)" -ne 0 ]; then echo "the end-to-end test needs root" >&2; exit 1; fi

# Containers' file systems cannot lie on another overlay, nor in memory.
for parent in "${TMPDIR:-/tmp}" /var/tmp "$PWD/.cache"; do
  mkdir -p "$parent"
  case $(stat -f -c %T "$parent") in overlayfs | tmpfs) continue ;; esac
  work=$(mktemp -d "$parent/k8ts-e2e-XXXXXX")
  break
done
[ -n "${work:-}" ] || { echo "no disk file system in /tmp, /var/tmp or .cache" >&2; exit 1; }

# Ending the first process of the machine ends everything on it; mounts go with it.
clean() {
  "$here/sandbox.sh" down "$work/machine"
  local dir
  for dir in $(find /sys/fs/cgroup -maxdepth 2 -type d -name "k8ts-*" 2>/dev/null); do
    [ "$(basename "$dir")" = "$(cat "$work/cgroup" 2>/dev/null)" ] || continue
    find "$dir" -depth -type d -exec rmdir {} \; 2>/dev/null
  done
  rm -rf --one-file-system "$work"
}
stay=
for arg in "$@"; do [ "$arg" = --stay ] && stay=1; done
driver=
stop() { [ -n "$driver" ] && kill "$driver" 2>/dev/null; exit 130; }
trap stop INT TERM
[ -n "$stay" ] || trap clean EXIT

node --disable-warning=ExperimentalWarning "$here/main.ts" "$work" "k8ts-e2e-$$" "$@" &
driver=$!
wait "$driver"
