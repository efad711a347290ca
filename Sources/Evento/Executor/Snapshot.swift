/// The key of a snapshot. Each revision of a type has its own snapshots. Compared by UTF-8 bytes.
public struct SnapshotKey: Sendable, Hashable {
  private let typeName: Name
  private let revisionName: Name
  private let idName: Name

  public init(type: String, revision: String, id: String) {
    typeName = Name(checked: type)
    revisionName = Name(checked: revision)
    idName = Name(checked: id)
  }

  public var type: String { typeName.text }
  public var revision: String { revisionName.text }
  public var id: String { idName.text }

  /// Checks the members.
  ///
  /// - Throws: `invalid_request` if a member is invalid.
  public func check() throws {
    try Name.check(type, "The snapshot's type")
    try Name.check(revision, "The snapshot's revision")
    try Name.check(id, "The snapshot's id")
  }
}

/// A state, and the position in the log up to which it is folded.
public struct Snapshot: Sendable, Hashable {
  public let data: Payload
  public let cursor: Cursor

  public init(data: Payload, cursor: Cursor) {
    self.data = data
    self.cursor = cursor
  }
}
