#!/usr/bin/env bash
# A machine of its own for a cluster: network, mount, host name and process namespaces without a
# way out. Ending its first process is a power cut: everything in it is gone.
#   sandbox.sh up DIR NAME ADDRESS/LEN
#   sandbox.sh enter DIR COMMAND...
#   sandbox.sh down DIR
set -euo pipefail
command=$1 dir=$2
shift 2

init() { pgrep -P "$(cat "$dir/sandbox.pid")"; }

case $command in
up)
  name=$1 address=$2
  mkdir -p "$dir" /run/containerd /var/lib/cni
  : >"$dir/resolv.conf"
  echo "$name" >"$dir/sandbox.netns"
  ip netns add "$name"
  ip -n "$name" link set lo up
  # The address is on a bridge without ports: nothing can leave. The default route into it is for
  # service addresses, which are looked up before they are translated.
  ip -n "$name" link add node0 type bridge
  ip -n "$name" addr add "$address" dev node0
  ip -n "$name" link set node0 up
  ip -n "$name" route add default dev node0
  # Forwards nothing unless told, like a machine with Docker or a firewall.
  nsenter --net="/run/netns/$name" iptables -P FORWARD DROP
  # bash reaps what is orphaned to it, as the first process of a machine must. Folders that other
  # clusters on this machine write to as well are private.
  setsid nsenter --net="/run/netns/$name" \
    unshare --mount --uts --pid --fork --mount-proc --kill-child bash -c '
      hostname "$1"
      mount -t tmpfs tmpfs /run/containerd
      mount -t tmpfs tmpfs /var/lib/cni
      mount --bind "$2" "$(readlink -f /etc/resolv.conf)"
      touch "$3"
      sleep infinity & wait' _ "$name" "$dir/resolv.conf" "$dir/sandbox.ready" \
    >"$dir/sandbox.log" 2>&1 </dev/null &
  echo $! >"$dir/sandbox.pid"
  for _ in $(seq 100); do [ -e "$dir/sandbox.ready" ] && exit 0; sleep 0.05; done
  cat "$dir/sandbox.log" >&2
  exit 1
  ;;
enter)
  exec nsenter -t "$(init)" --net --mount --uts --pid -- env -C "$PWD" "$@"
  ;;
down)
  if [ -e "$dir/sandbox.pid" ]; then
    pid=$(cat "$dir/sandbox.pid")
    kill -9 "$pid" 2>/dev/null || true
    for _ in $(seq 100); do [ -e "/proc/$pid" ] || break; sleep 0.05; done
  fi
  if [ -e "$dir/sandbox.netns" ]; then
    ip netns del "$(cat "$dir/sandbox.netns")" 2>/dev/null || true
  fi
  ;;
*)
  echo "usage: sandbox.sh up|enter|down DIR ..." >&2
  exit 2
  ;;
esac
