#!/bin/sh
# Runs the bank's tour in memory, in a file and on a gateway: it tells the same story on each. Takes the gateway's command.
set -eu

gateway=${1:?"the path of evento-gateway"}
cd "$(dirname "$0")/.."
swift build --package-path Examples --product bank-tour
tour="$(swift build --package-path Examples --show-bin-path)/bank-tour"

folder=$(mktemp -d)
trap 'kill "$pid" 2>/dev/null || true; wait "$pid" 2>/dev/null || true; rm -rf "$folder"' EXIT
"$gateway" serve --port 0 --database "$folder/evento.sqlite" >"$folder/output" &
pid=$!
url=""
while [ -z "$url" ]; do
  kill -0 "$pid" # it has not ended
  url=$(sed -n 's/.*listens on \(http:[^, ]*\).*/\1/p' "$folder/output")
  [ -n "$url" ] || sleep 0.1
done

# Every run makes ids of its own.
story() {
  "$tour" "$@" | sed 's/01[0-9A-HJKMNP-TV-Z]\{24\}/ID/g'
}
story >"$folder/in-memory"
story "$url" >"$folder/on-a-gateway"
story "$folder/embedded.sqlite" >"$folder/in-a-file"
test -s "$folder/in-memory"
diff "$folder/in-memory" "$folder/on-a-gateway"
diff "$folder/in-memory" "$folder/in-a-file"
