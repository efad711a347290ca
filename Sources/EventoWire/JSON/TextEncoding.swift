internal import ByteCoding
internal import Evento

/// The encoding of JSON text, detected by its first bytes.
///
/// It must be UTF-8 (RFC 8259 §8.1). Some editors and shells add a byte order mark, which a reader may ignore, or write
/// UTF-16 or UTF-32, which the first bytes reveal with or without a mark: JSON text begins with an ASCII character, and
/// has no NUL (RFC 4627 §3).
enum TextEncoding: Equatable {
  case utf8
  case markedUTF8
  /// An unsupported encoding.
  case other(String)

  static let utf8Mark: [UInt8] = [0xEF, 0xBB, 0xBF]

  init(of text: [UInt8]) {
    func begins(_ bytes: UInt8...) -> Bool { text.starts(with: bytes) }
    // Two bytes are enough in most cases.
    guard text.count >= 2, text[0] == 0 || text[1] == 0 || text[0] >= 0xEF else {
      self = .utf8
      return
    }
    if text.starts(with: Self.utf8Mark) {
      self = .markedUTF8
    } else if begins(0, 0, 0xFE, 0xFF) || begins(0xFF, 0xFE, 0, 0) {
      self = .other("UTF-32")
    } else if begins(0xFE, 0xFF) || begins(0xFF, 0xFE) {
      self = .other("UTF-16")
    } else if text.count >= 4, text[0] != 0 && text[1...3] == [0, 0, 0] || text[3] != 0 && text[0...2] == [0, 0, 0] {
      self = .other("UTF-32")
    } else if (text[0] == 0) != (text[1] == 0), text[0] < 0x80, text[1] < 0x80, Self.goesOnLikeUTF16(text) {
      self = .other("UTF-16")
    } else {
      self = .utf8
    }
  }

  /// Returns whether the second character is ASCII too, as in every object, with its NUL on the same side as the first
  /// one's: otherwise, it is a NUL followed by UTF-8.
  private static func goesOnLikeUTF16(_ text: [UInt8]) -> Bool {
    text.count == 2
      || text.count >= 4 && (text[2] == 0) == (text[0] == 0) && (text[3] == 0) == (text[1] == 0)
  }
}

extension JSONRoom {
  mutating func put(cursor: Cursor?) {
    guard let cursor else { return put(json: "null") }
    var text = cursor.description
    text.withUTF8 { put(plainString: UnsafeRawBufferPointer($0)) }
  }

  mutating func put(ulid: ULID) {
    put(json: "\"")
    put(upTo: ULID.textLength) { room in
      ulid.writeText(to: room)
      return ULID.textLength
    }
    put(json: "\"")
  }
}

extension JSONWriter {
  mutating func write(cursor: Cursor?) {
    if let cursor { write(plainString: cursor.description) } else { write(json: "null") }
  }

  mutating func write(ulid: ULID) {
    write(upTo: ULID.textLength + 2) { $0.put(ulid: ulid) }
  }

  /// Writes the members `timestamp` and `timestamp_subsec`, after others.
  mutating func write(timestampMembers timestamp: Timestamp) {
    write(upTo: 80) { $0.put(timestampMembers: timestamp) }
  }
}
