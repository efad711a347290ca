#!/bin/sh
# Installs what the build needs beside Swift, on Debian and Ubuntu, and with --tests what the tests need too; does nothing
# where it is all there. This is the one list of those packages: the README, the Dockerfile and the checks all use it.
set -eu

packages="libsqlite3-dev libcurl4-openssl-dev pkg-config curl"
case "${1:-}" in
  "") ;;
  --tests) packages="$packages strace" ;;
  *)
    echo "usage: $0 [--tests]" >&2
    exit 64
    ;;
esac

missing=""
for package in $packages; do
  dpkg-query --show --showformat='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
done
[ -z "$missing" ] && exit 0

as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}
as_root apt-get update
# shellcheck disable=SC2086 # a list of words
as_root env DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends $missing
