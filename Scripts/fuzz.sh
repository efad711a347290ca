#!/bin/sh
# Builds the fuzz targets and runs them. Takes which one (Requests, Connection, JSON, Events, Payloads, Cursor, Query, or
# all), seconds for each, and what libFuzzer takes beside: `Scripts/fuzz.sh JSON 600 -max_len=8192`. See
# Tests/Fuzz/README.md. For Linux: Xcode has no libFuzzer.
set -eu

cd "$(dirname "$0")/.."
targets=${1:-all}
seconds=${2:-60}
shift $(($# < 2 ? $# : 2))
[ "$targets" != all ] || targets="Requests Connection JSON Events Payloads Cursor Query"

build=.build/fuzz
products="$build/release"
# libFuzzer and AddressSanitizer say themselves what went wrong.
export SWIFT_BACKTRACE=enable=no

# All that the targets look at, optimized as it is served, and with what is internal in sight.
for module in EventoGateway EventoHTTP EventoSQLite; do
  swift build --scratch-path "$build" --configuration release --target "$module" \
    -Xswiftc -sanitize=fuzzer,address -Xswiftc -enable-testing
done
objects="$products/CSocketPolling.build/CSocketPolling.c.o $products/CChecksum.build/CChecksum.c.o"
for module in ByteCoding Evento EventoGateway EventoHTTP EventoSQLite EventoStorage EventoWire HTTPServer Logging \
  SharedLibrary; do
  # Of the sources that there are: the objects of others may still lie there.
  objects="$objects $(sed "s|.*/\(.*\)|$products/$module.build/\1.o|" "$products/$module.build/sources")"
done
# An archive, since some of their names have spaces.
rm -f "$build/collections.a"
ar crs "$build/collections.a" "$products"/DequeModule.build/*.o "$products"/InternalCollectionsUtilities.build/*.o
objects="$objects $build/collections.a"

for target in $targets; do
  # Not by SwiftPM, since libFuzzer brings the main function. What checks the product is no part of what is to be covered.
  swiftc -c -o "$build/$target.o" -module-name Fuzz -package-name evento -parse-as-library -wmo -O -g \
    -swift-version 6 -warnings-as-errors -enable-upcoming-feature ExistentialAny \
    -enable-upcoming-feature InternalImportsByDefault -enable-upcoming-feature MemberImportVisibility \
    -enable-upcoming-feature NonisolatedNonsendingByDefault -sanitize=address \
    -I "$products/Modules" -Xcc "-fmodule-map-file=$products/CSocketPolling.build/module.modulemap" \
    -Xcc "-fmodule-map-file=$products/CChecksum.build/module.modulemap" \
    -Xcc "-fmodule-map-file=$products/CZlib.build/module.modulemap" \
    -Xcc -fmodule-map-file=Sources/CCurl/module.modulemap -Xcc -fmodule-map-file=Sources/CSQLite/module.modulemap \
    Tests/Fuzz/Support/*.swift "Tests/Fuzz/$target"/*.swift
  # gold, the default, warns of AddressSanitizer's symbols.
  # shellcheck disable=SC2086 # Many objects.
  swiftc -o "$build/fuzz-$target" -sanitize=fuzzer,address -use-ld=lld "$build/$target.o" $objects -lcurl -lsqlite3
done

for target in $targets; do
  log="$build/$target.log"
  findings="$build/findings/$target"
  mkdir -p "$build/corpus/$target" "$findings"
  echo "$target: $seconds seconds, see $log"
  # libFuzzer reads both folders, and writes what it finds worth keeping to the first one.
  if ! "$build/fuzz-$target" -max_total_time="$seconds" -timeout=10 -artifact_prefix="$findings/" "$@" \
    "$build/corpus/$target" "Tests/Fuzz/Corpus/$target" >"$log" 2>&1; then
    tail -n 60 "$log" >&2
    echo "$target: failed. To run the input named above again, and to shorten it:" >&2
    echo "  $build/fuzz-$target $findings/<file>" >&2
    echo "  $build/fuzz-$target -minimize_crash=1 -max_total_time=60 -artifact_prefix=$findings/ $findings/<file>" >&2
    exit 1
  fi
  grep 'INITED\|DONE' "$log"
done
