internal import ByteCoding

/// The bytes of an event or of a snapshot, kept exactly as they were given.
public struct Payload: Sendable, Hashable {
  public let bytes: [UInt8]

  /// Whether the bytes are one JSON text (RFC 8259), nested at most 128 deep, with no white space around it.
  ///
  /// It is found out once, when the payload is made, so that whoever writes it out need not read it again.
  public let isJSON: Bool

  /// - Complexity: O(*n*) in the number of bytes, to find out whether they are JSON.
  public init(_ bytes: [UInt8] = []) {
    self.bytes = bytes
    self.isJSON = JSONScanner.isBareValue(bytes)
  }

  /// The UTF-8 bytes of a text.
  public init(_ text: String) {
    self.init(Array(text.utf8))
  }

  /// Bytes of which somebody who read them knows whether they are JSON.
  package init(bytes: [UInt8], isJSON: Bool) {
    self.bytes = bytes
    self.isJSON = isJSON
  }

  /// The bytes as text, or `nil` where they are not UTF-8.
  public var text: String? { String(validating: bytes, as: UTF8.self) }

  /// The largest payload of one event or snapshot, in bytes: 8 MiB. A gateway can be told another limit.
  public static let defaultLimit = 8 << 20
}
