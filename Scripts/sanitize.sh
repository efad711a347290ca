#!/bin/sh
# Runs the tests under a sanitizer. Takes address or thread, and what `swift test` takes beside, e.g. --filter.
set -eu

sanitizer=${1:?"address or thread"}
shift
root=$(cd "$(dirname "$0")/.." && pwd)
# A tree of its own: the one for ThreadSanitizer has two stand-ins in it (see sanitizers).
tree="$root/.build/sanitize-$sanitizer"
mkdir -p "$tree"
cd "$root"
rm -rf "$tree/Sources" "$tree/Tests" "$tree/Benchmarks" "$tree/docs"
mkdir "$tree/Benchmarks"
cp -Rp Package.swift README.md openapi.yaml docs Sources Tests "$tree"
# The one benchmark that is a target of the package.
cp -R Benchmarks/Wire "$tree/Benchmarks"
if [ "$sanitizer" = thread ]; then
  # Code that other modules inline must not name the stand-ins, which are internal. Without it, some imports are of no use.
  grep --recursive --files-with-matches "@inlinable\|@usableFromInline" "$tree/Sources" |
    xargs sed -i "s/@inlinable *//; s/@usableFromInline *//"
  sed -i "s/treatAllWarnings(as: .error)/treatAllWarnings(as: .warning)/" "$tree/Package.swift"
  number=0
  for target in "$tree"/Sources/* "$tree"/Tests/*; do
    if grep --recursive --quiet "import Synchronization" "$target"; then cp Scripts/sanitizers/Mutex.swift "$target"; fi
    files=$(grep --recursive --files-with-matches "Checked\(Throwing\)\?Continuation" "$target") || continue
    # Numbered, so that a test that sees a module's internals does not have two of one name.
    number=$((number + 1))
    echo "$files" | xargs sed -i "s/Checked\(Throwing\)\?Continuation/Seen\1Continuation$number/g"
    sed "s/Seen\(Throwing\)\?Continuation/&$number/g" Scripts/sanitizers/SeenContinuation.swift \
      >"$target/SeenContinuation.swift"
  done
fi
cd "$tree"
exec swift test --sanitize "$sanitizer" --no-parallel "$@"
