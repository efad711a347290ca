internal import ByteCoding

extension Metadata {
  static let requestedByName = "requested_by"
  static let requestedAsName = "requested_as"

  /// The `requested_by` of the event: who requested it; `nil` if absent or not a string.
  public var requestedBy: String? { text(Self.requestedByName) }

  /// The `requested_as` of the event: the role in which they did; `nil` if absent or not a string.
  public var requestedAs: String? { text(Self.requestedAsName) }

  /// Returns one member, or `nil` if the metadata has none of that name.
  ///
  /// - Throws: `undecodable_payload` if it can't be decoded as this type.
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
    /// The range of name, colon and value.
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
      // The initializer of the metadata has parsed it, so a store has returned something else.
      throw EventoError(.internal, "The metadata is not a JSON object: \(error.detail), at byte \(error.offset).")
    }
    return members
  }

  /// Returns the metadata with another member at its end, or `nil` if it has one of that name.
  ///
  /// - Complexity: O(*n*) in the length of the metadata.
  package func adding(_ name: String, _ text: String) -> Metadata? {
    guard let members = try? members(), !members.contains(where: { $0.name.elementsEqual(name.utf8) }) else {
      return nil
    }
    var json = JSONWriter(capacity: bytes.count + name.utf8.count + text.utf8.count + 8)
    json.write(json: Array(bytes.dropLast()))
    if !members.isEmpty { json.write(json: ",") }
    json.write(string: name)
    json.write(json: ":")
    json.write(string: text)
    json.write(json: "}")
    return Metadata(checked: json.take())
  }

  private func text(_ name: String) -> String? {
    guard let member = try? members().first(where: { $0.name.elementsEqual(name.utf8) }) else { return nil }
    var scanner = JSONScanner(bytes, at: member.value.lowerBound)
    guard let string = try? scanner.skipString() else { return nil }
    return String(validating: scanner.unescaped(string.content), as: UTF8.self)
  }
}
