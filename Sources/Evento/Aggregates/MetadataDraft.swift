internal import ByteCoding

/// Metadata being built: an object, and members that are set in it.
struct MetadataDraft: Sendable {
  private struct Member {
    let name: String
    let value: @Sendable () throws -> [UInt8]
  }

  private let base: Metadata
  private var members: [Member] = []
  /// The drafts below, from the top down. A member counts only if no draft above has one of that name.
  private var below: [MetadataDraft] = []

  init(_ base: Metadata = Metadata()) {
    self.base = base
  }

  /// Sets a member, and replaces one of that name.
  ///
  /// - Parameter value: Returns its JSON text.
  mutating func set(_ name: String, _ value: @escaping @Sendable () throws -> [UInt8]) {
    members.removeAll { $0.name.isExactly(name) }
    members.append(Member(name: name, value: value))
  }

  private var isEmpty: Bool { base.isEmpty && members.isEmpty && below.isEmpty }

  /// Returns these members, and those of another draft whose names are not among them.
  func over(_ other: MetadataDraft) -> MetadataDraft {
    if isEmpty { return other }
    if other.isEmpty { return self }
    var copy = self
    copy.below.append(other)
    return copy
  }

  /// - Throws: `unencodable_payload`; `invalid_request` if it is nested too deep.
  func build() throws -> Metadata {
    guard !members.isEmpty || !below.isEmpty else { return base }
    let members = Array(try parts().map(\.text).joined(separator: [UInt8(ascii: ",")]))
    return try Metadata(json: "{" + String(decoding: members, as: UTF8.self) + "}")
  }

  /// A member's name, without escapes, and its JSON text with name and colon.
  private typealias Part = (name: [UInt8], text: [UInt8])

  /// The members, lowest draft first.
  private func parts() throws -> [Part] {
    var parts: [Part] = []
    for draft in below.reversed() { parts = Self.merged(try draft.parts(), over: parts) }
    let given = try base.members().map { Part(name: $0.name, text: Array(base.bytes[$0.range])) }
    var own: [Part] = []
    for member in members {
      do {
        var text = JSONWriter()
        text.write(string: member.name)
        text.write(json: ":")
        text.write(json: try member.value())
        own.append((Array(member.name.utf8), text.take()))
      } catch {
        throw EventoError(
          .unencodablePayload, "The metadata's \(member.name) can't be encoded: \(EventoError.reason(error))")
      }
    }
    return Self.merged(Self.merged(own, over: given), over: parts)
  }

  private static func merged(_ parts: [Part], over lower: [Part]) -> [Part] {
    lower.filter { part in !parts.contains { $0.name == part.name } } + parts
  }
}
