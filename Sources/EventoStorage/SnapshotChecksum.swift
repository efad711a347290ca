internal import ByteCoding
package import Evento

/// The checksum of a snapshot, stored in its row: CRC-32C over its key, its position in the log and its data.
///
/// The ID of the position's commit is not part of it: a wrong one is not in history, which every use of the cursor shows.
package enum SnapshotChecksum {
  package static func of(_ key: SnapshotKey, at position: Int64, _ data: Payload) -> Int32 {
    data.bytes.withUnsafeBytes { of(key, at: position, isJSON: data.isJSON, data: $0) }
  }

  private static func of(
    _ key: SnapshotKey, at position: Int64, isJSON: Bool, data: UnsafeRawBufferPointer
  ) -> Int32 {
    var checksum = CRC32C()
    for text in [key.type, key.revision, key.id] {
      checksum.update(text)
      // A character that no name contains.
      checksum.update("\0")
    }
    withUnsafeBytes(of: (UInt64(bitPattern: position).littleEndian, UInt64(isJSON ? 1 : 0).littleEndian)) {
      checksum.update($0)
    }
    checksum.update(data)
    return checksum.signed
  }
}
