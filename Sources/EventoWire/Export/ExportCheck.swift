internal import ByteCoding

/// The numbers of an export so far, which a line after each batch has, and the last line, with the digest of its bytes.
///
/// A reader makes the line that must be next, and compares the bytes: so there is nothing to decode, and no change of
/// the line goes unnoticed.
package struct ExportCheck: Sendable, Equatable {
  package var events = 0
  package var subscribers = 0
  package var snapshots = 0

  package init() {}

  package enum Kind: String, Sendable, CaseIterable {
    /// After each batch of lines.
    case check
    /// The last line.
    case end
  }

  /// The line, with its end.
  ///
  /// - Parameter digest: The SHA-256 of all bytes before the line.
  package func line(_ kind: Kind, digest: [UInt8]) -> [UInt8] {
    var line = JSONWriter()
    line.write(json: kind == .check ? Self.checkStart : Self.endStart)
    line.write(integer: Int64(events))
    line.write(json: ",\"subscribers\":")
    line.write(integer: Int64(subscribers))
    line.write(json: ",\"snapshots\":")
    line.write(integer: Int64(snapshots))
    line.write(json: ",\"sha256\":")
    line.write(plainString: Hex.encode(digest))
    line.write(json: "}\n")
    return line.take()
  }

  /// Returns the kind of a line, or `nil` if it is another one.
  package static func kind(ofLine line: Slice<UnsafeRawBufferPointer>) -> Kind? {
    if starts(line, checkStart) { return .check }
    return starts(line, endStart) ? .end : nil
  }

  private static func starts(_ line: Slice<UnsafeRawBufferPointer>, _ start: StaticString) -> Bool {
    line.starts(with: UnsafeRawBufferPointer(start: start.utf8Start, count: start.utf8CodeUnitCount))
  }

  private static var checkStart: StaticString { "{\"type\":\"check\",\"events\":" }
  private static var endStart: StaticString { "{\"type\":\"end\",\"events\":" }
}
