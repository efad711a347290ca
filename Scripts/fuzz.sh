#!/bin/sh
# Builds the fuzz targets and runs them. Takes which one (Requests, JSON, Cursor, Query, or all), seconds for each, and what
# libFuzzer takes beside, e.g. `Scripts/fuzz.sh JSON 600 -max_len=8192`. Xcode's toolchain has no libFuzzer.
set -eu

cd "$(dirname "$0")/.."
targets=${1:-all}
seconds=${2:-60}
shift $(($# < 2 ? $# : 2))
[ "$targets" != all ] || targets="Requests JSON Cursor Query"

build=.build/fuzz
# libFuzzer and AddressSanitizer say themselves what went wrong.
export SWIFT_BACKTRACE=enable=no
# Everything that the targets need, optimised as it is served, and with what is internal in sight.
for module in EventoGateway EventoHTTP EventoSQLite; do
  swift build --scratch-path "$build" --configuration release --target "$module" \
    -Xswiftc -sanitize=fuzzer,address -Xswiftc -enable-testing
done
products="$build/release"
objects=$(for module in CSocketPolling Evento EventoGateway EventoHTTP EventoSQLite EventoWire HTTPServer Logging; do
  find "$products/$module.build" -name '*.o'
done)

for target in $targets; do
  # Not for SwiftPM, since libFuzzer brings the main function. What checks the product is no part of what is covered.
  swiftc -c -o "$build/$target.o" -module-name Fuzz -package-name evento -parse-as-library -wmo -O -g \
    -swift-version 6 -warnings-as-errors -enable-upcoming-feature ExistentialAny \
    -enable-upcoming-feature InternalImportsByDefault -enable-upcoming-feature MemberImportVisibility \
    -enable-upcoming-feature NonisolatedNonsendingByDefault -sanitize=address \
    -I "$products/Modules" -Xcc "-fmodule-map-file=$products/CSocketPolling.build/module.modulemap" \
    -Xcc -fmodule-map-file=Sources/CCurl/module.modulemap -Xcc -fmodule-map-file=Sources/CSQLite/module.modulemap \
    Tests/Fuzz/Support/*.swift "Tests/Fuzz/$target"/*.swift
  # gold warns of AddressSanitizer's symbols.
  swiftc -o "$build/fuzz-$target" -sanitize=fuzzer,address -use-ld=lld "$build/$target.o" \
    $objects -lcurl -lsqlite3
done

for target in $targets; do
  # libFuzzer writes what it finds worth keeping to the first folder, and reads both.
  mkdir -p "$build/corpus/$target" "$build/findings/$target"
  if ! "$build/fuzz-$target" -max_total_time="$seconds" -artifact_prefix="$build/findings/$target/" \
    -timeout=10 -print_final_stats=1 "$@" "$build/corpus/$target" "Tests/Fuzz/Corpus/$target"; then
    echo "The target $target failed. Again, with the file named above:" >&2
    echo "  $build/fuzz-$target $build/findings/$target/<file>" >&2
    echo "  $build/fuzz-$target -minimize_crash=1 -max_total_time=60 $build/findings/$target/<file>" >&2
    exit 1
  fi
done
