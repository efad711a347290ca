// A snapshot stands in the first member, with the first member's place for its cursor. State and cursor must never come
// apart, so the group's own cursor goes before the payload, in the same snapshot. One that says nothing of the other
// members is kept as it is: so are those that the first member had before.

extension ExecutorGroup {
  /// 0xFF begins no JSON text and no UTF-8.
  private static let mark: [UInt8] = [0xFF] + Array("EG".utf8) + [1]

  func wrapped(_ snapshot: Snapshot) async throws -> Snapshot {
    guard let own = try await ownPlace(of: snapshot.cursor) else {
      return Snapshot(data: snapshot.data, cursor: .nowhere)
    }
    let bytes = snapshot.data.bytes
    if own.first == snapshot.cursor, !bytes.starts(with: Self.mark) { return snapshot }
    let cursor = Array(snapshot.cursor.description.utf8)
    return Snapshot(data: Payload(Self.mark + [UInt8(cursor.count)] + cursor + bytes), cursor: own.first)
  }

  /// - Throws: `invalid_cursor` where the first member's snapshot is none that a group could have made.
  func unwrapped(_ snapshot: Snapshot) throws -> Snapshot {
    var rest = snapshot.data.bytes[...]
    guard rest.starts(with: Self.mark), let length = rest.dropFirst(Self.mark.count).first else {
      return Snapshot(data: snapshot.data, cursor: try grouped(snapshot.cursor))
    }
    rest = rest.dropFirst(Self.mark.count + 1)
    let cursor = try Cursor(String(decoding: rest.prefix(Int(length)), as: UTF8.self))
    return Snapshot(data: Payload(Array(rest.dropFirst(Int(length)))), cursor: cursor)
  }
}
