package import Evento

/// A position in the log: the number of events up to it, and the ID of the last one's commit.
///
/// The ID is a random number for each commit. A store that was restored from a backup and has grown again has other
/// commits at the same positions, even if clients sent the same events again, and so other IDs: a cursor of the lost
/// history is never valid in the new one. The position before the first event has an ID too, chosen when the store is
/// created, so that even the cursors of empty stores differ.
package struct LogPosition: Sendable, Equatable {
  package var position: Int64
  package var commitID: Int64

  /// Returns a random ID of 48 bits, so that a cursor is short.
  package static func freshCommitID() -> Int64 {
    Int64.random(in: 0..<1 << 48)
  }

  package var cursor: Cursor { withContent { Cursor(content: $0) } }

  /// Writes the text of the cursor. The caller has the buffer, so that this is not generic: a page writes it for each
  /// of its events, and what is generic is not specialized in other modules.
  ///
  /// - Parameter text: Has room for `Cursor.maximumLength` bytes.
  /// - Returns: The number of bytes written.
  package func writeCursorText(to text: UnsafeMutableRawBufferPointer) -> Int {
    withContent { Cursor.writeText(of: $0, to: text) }
  }

  private func withContent<Value>(_ body: (UnsafeRawBufferPointer) -> Value) -> Value {
    // Eight bytes of the position, then the lower six of the commit ID.
    withUnsafeBytes(of: (position.bigEndian, (commitID << 16).bigEndian)) { bytes in
      body(UnsafeRawBufferPointer(rebasing: bytes[..<Self.contentLength]))
    }
  }

  /// Creates the position of a cursor; `nil` if it can't be one of a log.
  package init?(_ cursor: Cursor) {
    let content = cursor.content
    guard content.count == Self.contentLength else { return nil }
    position = content[..<8].reduce(0) { $0 << 8 | Int64($1) }
    commitID = content[8...].reduce(0) { $0 << 8 | Int64($1) }
  }

  package init(position: Int64, commitID: Int64) {
    self.position = position
    self.commitID = commitID
  }

  private static let contentLength = 14
}
