#!/bin/sh
# Runs the tests under a sanitizer. Takes address or thread, and what `swift test` takes beside, e.g. --filter.
set -eu

sanitizer=${1:?"address or thread"}
shift
root=$(cd "$(dirname "$0")/.." && pwd)
# A tree of its own: the one for ThreadSanitizer has another Mutex in it (see sanitizers/Mutex.swift).
tree="$root/.build/sanitize-$sanitizer"
mkdir -p "$tree"
cd "$root"
rm -rf "$tree/Sources" "$tree/Tests" "$tree/Examples" "$tree/Benchmarks"
mkdir "$tree/Benchmarks"
cp -R Package.swift README.md openapi.yaml Sources Tests Examples "$tree"
# The one benchmark that is a target of the package.
cp -R Benchmarks/Wire "$tree/Benchmarks"
if [ "$sanitizer" = thread ]; then
  for target in "$tree"/Sources/* "$tree"/Tests/*; do
    if grep --recursive --quiet "import Synchronization" "$target"; then cp Scripts/sanitizers/Mutex.swift "$target"; fi
  done
fi
export TSAN_OPTIONS="suppressions=$root/Scripts/sanitizers/thread.suppressions ${TSAN_OPTIONS:-}"
cd "$tree"
exec swift test --sanitize "$sanitizer" --no-parallel "$@"
