internal import ByteCoding

/// Returns one id for several: always the same for the same ids in the same order.
///
/// The result has 64 lower-case hexadecimal digits: a SHA3-256 over each id's length in bytes (64 bits, big-endian) and
/// its UTF-8 bytes, so that different lists have different ids. `hash_ids` of the Rust crate `evento` returns the same.
///
/// - Complexity: O(*n*) in the total length of the ids.
public func hashIDs(_ ids: [String]) -> String {
  var hash = SHA3()
  for id in ids {
    hash.update(withUnsafeBytes(of: UInt64(id.utf8.count).bigEndian) { Array($0) })
    hash.update(id.utf8)
  }
  return Hex.encode(hash.finalize())
}
