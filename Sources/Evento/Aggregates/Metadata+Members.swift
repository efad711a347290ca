internal import ByteCoding

extension Metadata {
  static let requestedByName = "requested_by"
  static let requestedAsName = "requested_as"

  /// Who asked for it; `nil` where it is not said, or not as text.
  public var requestedBy: String? { text(Self.requestedByName) }

  /// As whom, or in which role, they asked for it; `nil` where it is not said, or not as text.
  public var requestedAs: String? { text(Self.requestedAsName) }

  /// One member, or `nil` where there is none of that name.
  ///
  /// - Throws: `undecodable_payload` where it is no such value.
  /// - Complexity: O(*n*) in the length of the metadata.
  public func value<Value: Decodable>(_ name: String, as type: Value.Type = Value.self) throws -> Value? {
    guard let member = try members().first(where: { $0.name.elementsEqual(name.utf8) }) else { return nil }
    do {
      return try JSONCoder().decode(type, from: Payload(Array(bytes[member.value])))
    } catch {
      throw EventoError(
        .undecodablePayload, "The metadata's \(name) can't be decoded as \(type): \(EventoError.reason(error))")
    }
  }

  struct Member {
    /// Without escapes.
    let name: [UInt8]
    /// Where name, colon and value stand.
    let range: Range<Int>
    let value: Range<Int>
  }

  /// The members, in their order.
  func members() throws -> [Member] {
    var scanner = JSONScanner(bytes)
    var members: [Member] = []
    do {
      try scanner.expect(UInt8(ascii: "{"), "an object")
      scanner.skipWhitespace()
      while scanner.next != UInt8(ascii: "}") {
        let start = scanner.offset
        let name = try scanner.skipString().content
        try scanner.expect(UInt8(ascii: ":"), ": after a member's name")
        scanner.skipWhitespace()
        let value = try scanner.skipValue()
        members.append(Member(name: scanner.unescaped(name), range: start..<scanner.offset, value: value))
        scanner.skipWhitespace()
        if scanner.skip(UInt8(ascii: ",")) { scanner.skipWhitespace() }
      }
    } catch {
      // What made the metadata has read it; a store that kept something else is at fault.
      throw EventoError(.internal, "Metadata that is no JSON object: \(error.detail), at byte \(error.offset).")
    }
    return members
  }

  private func text(_ name: String) -> String? {
    guard let member = try? members().first(where: { $0.name.elementsEqual(name.utf8) }) else { return nil }
    var scanner = JSONScanner(bytes, at: member.value.lowerBound)
    guard let string = try? scanner.skipString() else { return nil }
    return String(validating: scanner.unescaped(string.content), as: UTF8.self)
  }
}
