#!/bin/sh
# A private node to run the kubelet against: containerd with its own root, state and socket inside
# a network, mount and host-name namespace of its own that has no way out.
#   node-sandbox.sh up DIR NAME ADDRESS/LEN   ... then: $(node-sandbox.sh enter DIR) command
#   node-sandbox.sh down DIR
set -eu
cmd=$1 dir=$2
case $cmd in
up)
  name=$3 address=$4
  mkdir -p "$dir/root" "$dir/state" "$dir/net.d" "$dir/certs.d" "$dir/log"
  cat >"$dir/config.toml" <<TOML
version = 2
root = "$dir/root"
state = "$dir/state"
[grpc]
  address = "$dir/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "registry.k8s.io/pause:3.10"
  restrict_oom_score_adj = true
  netns_mounts_under_state_dir = true
  stream_server_address = "127.0.0.1"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "$dir/net.d"
  [plugins."io.containerd.grpc.v1.cri".registry]
    config_path = "$dir/certs.d"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
TOML
  ip netns add "$name"
  ip -n "$name" link set lo up
  # The address lives on a bridge without ports: nothing can leave.
  ip -n "$name" link add node0 type bridge
  ip -n "$name" addr add "$address" dev node0
  ip -n "$name" link set node0 up
  echo "$name" >"$dir/netns"
  setsid nohup nsenter --net="/run/netns/$name" \
    unshare --mount --uts --pid --fork --mount-proc --propagation slave --kill-child \
    sh -c "hostname $name; mount --make-rshared /; mount -t tmpfs tmpfs /var/log; \
      exec containerd -c $dir/config.toml" >>"$dir/log/containerd" 2>&1 </dev/null &
  echo $! >"$dir/pid"
  for _ in $(seq 100); do [ -S "$dir/containerd.sock" ] && break; sleep 0.1; done
  [ -S "$dir/containerd.sock" ]
  ;;
enter)
  echo "nsenter -t $(pgrep -P "$(cat "$dir/pid")") -n -m -u -p"
  ;;
down)
  kill -9 "$(cat "$dir/pid")" 2>/dev/null || true
  sleep 0.3
  ip netns del "$(cat "$dir/netns")" 2>/dev/null || true
  for hierarchy in /sys/fs/cgroup/*/ /sys/fs/cgroup/; do
    [ -d "$hierarchy$(cat "$dir/netns")" ] || continue
    find "$hierarchy$(cat "$dir/netns")" -depth -type d -exec rmdir {} + 2>/dev/null || true
  done
  ;;
esac
