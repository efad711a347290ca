internal import ByteCoding

/// Information about an event besides its payload, such as who requested it: a JSON object whose bytes are kept as
/// given.
public struct Metadata: Sendable, Hashable {
  /// The text of a JSON object, with no white space around it.
  public let bytes: [UInt8]

  /// Creates metadata without members: `{}`.
  public init() {
    bytes = Self.none
  }

  /// Shared by all metadata without members.
  private static let none = Array("{}".utf8)

  /// True if it is `{}`, the one object of two bytes.
  package var isEmpty: Bool { bytes.count == Self.none.count }

  /// Creates metadata from JSON text.
  ///
  /// - Parameter json: The text of a JSON object. White space around it is removed, everything else is kept.
  /// - Throws: `invalid_request` if it is not an object, has a member twice, or is nested more than 128 levels deep.
  /// - Complexity: O(*n*) in the length of the text.
  public init(json: String) throws {
    var scanner = JSONScanner(Array(json.utf8))
    do throws(JSONScanner.ParseError) {
      scanner.skipWhitespace()
      guard scanner.next == UInt8(ascii: "{") else { throw scanner.error("expected an object") }
      let object = try scanner.skipValue(.unique(within: .max))
      scanner.skipWhitespace()
      guard scanner.next == nil else { throw scanner.error("expected nothing after the object") }
      bytes = Array(scanner.bytes[object])
    } catch {
      let link = error.kind == .syntax ? " is not valid JSON: " : " "
      throw EventoError(.invalidRequest, "The metadata\(link)\(error.detail), at byte \(error.offset).")
    }
  }

  /// Creates metadata from bytes that were already parsed as an object without repeated members.
  package init(checked bytes: [UInt8]) {
    self.bytes = bytes
  }

  /// Copies bytes that were already parsed. Most events have no members, and share their bytes.
  package init(copying bytes: UnsafeRawBufferPointer) {
    self.init(checked: bytes.count == Self.none.count ? Self.none : Array(bytes))
  }

  /// The JSON text.
  public var json: String { String(decoding: bytes, as: UTF8.self) }

  /// The default limit for the metadata of one event, in bytes: 64 KiB.
  public static let defaultLimit = 64 << 10
}
