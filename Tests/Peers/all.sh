#!/bin/sh
# Runs every script here, one after the other, and says at the end which of them failed.
cd "$(dirname "$0")" || exit 1
failed=""
for script in http_probes proxies caches line_readers browser slow_clients idle_connections; do
  echo "== $script"
  python3 "$script.py" || failed="$failed $script"
done
[ -z "$failed" ] || { echo "failed:$failed"; exit 1; }
