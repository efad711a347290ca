internal import ByteCoding

/// The bytes of an event or a snapshot, kept exactly as given.
public struct Payload: Sendable, Hashable {
  public let bytes: [UInt8]

  /// True if the bytes are one JSON text (RFC 8259), nested at most 128 deep, with no white space around it.
  ///
  /// Determined once, when the payload is created, so that writing it does not require parsing it again.
  public let isJSON: Bool

  /// Creates a payload from bytes.
  ///
  /// - Complexity: O(*n*) in the number of bytes, to determine whether they are JSON.
  public init(_ bytes: [UInt8] = []) {
    self.bytes = bytes
    self.isJSON = JSONScanner.isBareValue(bytes)
  }

  /// Creates a payload from the UTF-8 bytes of text.
  public init(_ text: String) {
    self.init(Array(text.utf8))
  }

  /// Creates a payload from bytes that were already parsed.
  package init(bytes: [UInt8], isJSON: Bool) {
    self.bytes = bytes
    self.isJSON = isJSON
  }

  /// The bytes as text, or `nil` if they are not UTF-8.
  public var text: String? { String(validating: bytes, as: UTF8.self) }

  /// The default limit for the payload of one event or snapshot, in bytes: 8 MiB.
  public static let defaultLimit = 8 << 20
}
