#!/bin/sh
# Makes the images of local clusters and imports them into a containerd:
#   hack/make-images.sh CACHE_DIR [CONTAINERD_SOCKET] [names, comma separated]
set -eu
here=$(cd "$(dirname "$0")" && pwd)
[ $# -ge 1 ] || { echo "usage: $0 CACHE_DIR [CONTAINERD_SOCKET] [NAME,NAME]" >&2; exit 2; }
set -- --cache "$1" ${2:+--address "$2"} ${3:+--only "$3"}
PATH="$here/../node_modules/.bin:$PATH" exec node "$here/images/make-images.ts" "$@"
