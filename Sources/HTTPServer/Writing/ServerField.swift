internal import ByteCoding

/// The fields that the server looks after itself, whatever a handler says.
enum ServerField {
  /// That of the framing or of the connection.
  case framing
  case date

  /// Whether one of them has a name of that length: most others are told apart by it.
  @inline(__always) static func mayHaveLength(_ length: Int) -> Bool {
    length == 4 || length == 10 || length == 14 || length == 17
  }

  /// - Returns: nil for every other field.
  init?(_ name: String) {
    switch name.utf8.count {
    case 4 where Self.areEqual(name, "date"): self = .date
    case 10 where Self.areEqual(name, "connection") || Self.areEqual(name, "keep-alive"): self = .framing
    case 14 where Self.areEqual(name, "content-length"): self = .framing
    case 17 where Self.areEqual(name, "transfer-encoding"): self = .framing
    default: return nil
    }
  }

  private static func areEqual(_ name: String, _ lowercased: String) -> Bool {
    zip(name.utf8, lowercased.utf8).allSatisfy { ASCII.lowercased($0) == $1 }
  }
}
