#!/bin/sh
# Installs what the build needs beside Swift, on Debian and Ubuntu, and with --tests what the tests need too; does nothing
# where it is all there. This is the one list of those packages: the README, the Dockerfile and the checks all use it.
set -eu

packages="libsqlite3-dev libcurl4-openssl-dev pkg-config curl"
case "${1:-}" in
  "") ;;
  # The tests start their own PostgreSQL servers (Tests/PostgreSQL). Of prometheus they need promtool.
  --tests) packages="$packages strace openssl libpq5 postgresql patroni python3-etcd etcd-server prometheus" ;;
  *)
    echo "usage: $0 [--tests]" >&2
    exit 64
    ;;
esac

is_installed() {
  dpkg-query --show --showformat='${Status}' "$1" 2>/dev/null | grep -q 'ok installed'
}

as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

missing=""
for package in $packages; do
  is_installed "$package" || missing="$missing $package"
done
[ -z "$missing" ] && exit 0

# The packages start their servers, unless this file forbids it, with this name and status:
# https://people.debian.org/~hmh/invokerc.d-policyrc.d-specification.txt
policy=/usr/sbin/policy-rc.d
# PostgreSQL's package makes a database cluster that starts with the machine, unless this setting forbids it.
clusters=/etc/postgresql-common/createcluster.d/evento-tests.conf
clean_up() {
  as_root rm -f "$clusters"
  if [ -n "${has_policy:-}" ]; then as_root rm -f "$policy"; fi
}

as_root apt-get update
case "$missing" in *" postgresql"* | *" patroni"* | *" etcd-server"* | *" prometheus"*)
  trap clean_up EXIT
  trap 'exit 1' HUP INT TERM
  if [ ! -e "$policy" ]; then
    has_policy=yes
    printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
    as_root chmod 755 "$policy"
  fi
  as_root mkdir -p "$(dirname "$clusters")"
  echo "create_main_cluster = false" | as_root tee "$clusters" >/dev/null
  ;;
esac
# shellcheck disable=SC2086 # a list of words
as_root env DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends $missing

# These packages let their servers start with the machine, too.
if command -v systemctl >/dev/null; then
  case "$missing" in *" patroni"*) as_root systemctl disable --quiet patroni.service ;; esac
  case "$missing" in *" etcd-server"*) as_root systemctl disable --quiet etcd.service ;; esac
  case "$missing" in *" prometheus"*) as_root systemctl disable --quiet prometheus.service ;; esac
fi
