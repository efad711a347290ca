/// Metadata in the making: an object, and members that are set in it.
struct MetadataDraft: Sendable {
  private struct Member {
    let name: String
    let value: @Sendable () throws -> [UInt8]
  }

  private let base: Metadata
  private var members: [Member] = []

  init(_ base: Metadata = Metadata()) {
    self.base = base
  }

  /// Sets a member, in place of one of that name.
  ///
  /// - Parameter value: gives its JSON text.
  mutating func set(_ name: String, _ value: @escaping @Sendable () throws -> [UInt8]) {
    members.removeAll { $0.name.isExactly(name) }
    members.append(Member(name: name, value: value))
  }

  /// - Throws: `unencodable_payload`; `invalid_request` where it is nested too deep.
  func build() throws(EventoError) -> Metadata {
    guard !members.isEmpty else { return base }
    var parts: [[UInt8]] = []
    for member in try base.members() where !members.contains(where: { member.name.elementsEqual($0.name.utf8) }) {
      parts.append(Array(base.bytes[member.range]))
    }
    for member in members {
      do {
        parts.append(Self.quoted(member.name) + Array(":".utf8) + (try member.value()))
      } catch {
        throw EventoError(.unencodablePayload, "The metadata's \(member.name) can't be encoded: \(error)")
      }
    }
    let members = Array(parts.joined(separator: [UInt8(ascii: ",")]))
    return try Metadata(json: "{" + String(decoding: members, as: UTF8.self) + "}")
  }

  /// A text as JSON (RFC 8259 §7).
  private static func quoted(_ text: String) -> [UInt8] {
    let digits = Array("0123456789abcdef".utf8)
    var quoted = [UInt8(ascii: "\"")]
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"): quoted += [UInt8(ascii: "\\"), byte]
      case ..<0x20: quoted += Array("\\u00".utf8) + [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      default: quoted.append(byte)
      }
    }
    return quoted + [UInt8(ascii: "\"")]
  }
}
