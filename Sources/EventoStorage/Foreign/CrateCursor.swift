internal import ByteCoding
internal import Evento

/// A cursor of the Rust crate `evento` 2.0: the place of an event in its order, which is that of these members.
///
/// Its text is base64 (RFC 4648 §5, padded) of a struct of the crate `bitcode`.
package struct CrateCursor: Sendable, Equatable {
  package let seconds: Int64
  package let subsecond: Int64
  package let version: Int64
  /// The id of the event, as it is stored.
  package let id: String

  /// Parses the text; `nil` if it is not such a cursor.
  package init?(_ text: String) {
    let standard = text.utf8.map { byte in
      byte == UInt8(ascii: "-") ? UInt8(ascii: "+") : byte == UInt8(ascii: "_") ? UInt8(ascii: "/") : byte
    }
    guard let bytes = Base64.standard.decode(standard) else { return nil }
    var reader = BitcodeReader(bytes)
    guard let id = reader.strings(1)?.first, let version = reader.integers(1, size: 2)?.first,
      let seconds = reader.integers(1, size: 8)?.first.flatMap({ Int64(exactly: $0) }),
      let subsecond = reader.integers(1, size: 4)?.first, reader.isAtEnd
    else { return nil }
    (self.id, self.version, self.seconds, self.subsecond) = (id, Int64(version), seconds, Int64(subsecond))
  }
}
