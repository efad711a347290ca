internal import ByteCoding

/// What is known about an event beside its payload (who asked for it, on whose behalf): a JSON object, kept as the very
/// bytes that were given.
public struct Metadata: Sendable, Hashable {
  /// The text of a JSON object, with no white space around it.
  public let bytes: [UInt8]

  /// No members: `{}`.
  public init() {
    bytes = Self.none
  }

  /// Shared by all that have no members.
  private static let none = Array("{}".utf8)

  /// Whether it is `{}`, the one object of two bytes.
  package var isEmpty: Bool { bytes.count == Self.none.count }

  /// - Parameter json: the text of a JSON object; white space around it is dropped, everything else is kept.
  /// - Throws: `invalid_request` where it is not an object, repeats a member or is nested more than 128 deep.
  /// - Complexity: O(*n*) in the length of the text.
  public init(json: String) throws {
    var scanner = JSONScanner(Array(json.utf8))
    do throws(JSONScanner.Fault) {
      scanner.skipWhitespace()
      guard scanner.next == UInt8(ascii: "{") else { throw scanner.fault("expected an object") }
      let object = try scanner.skipValue(.unique(within: .max))
      scanner.skipWhitespace()
      guard scanner.next == nil else { throw scanner.fault("expected nothing behind the object") }
      bytes = Array(scanner.bytes[object])
    } catch {
      let link = error.kind == .syntax ? " can't be taken: " : " "
      throw EventoError(.invalidRequest, "The metadata\(link)\(error.detail), at byte \(error.offset).")
    }
  }

  /// Bytes that somebody has already read as an object without repeated members.
  package init(checked bytes: [UInt8]) {
    self.bytes = bytes
  }

  /// The text of the object.
  public var json: String { String(decoding: bytes, as: UTF8.self) }

  /// The largest metadata of one event, in bytes: 64 KiB. A gateway can be told another limit.
  public static let defaultLimit = 64 << 10
}
