/// The key of a snapshot. Each revision of a type has its own snapshots. Compared by UTF-8 bytes.
public struct SnapshotKey: Sendable, Hashable {
  private let exactType: Name
  private let exactRevision: Name
  private let exactID: Name

  public init(type: String, revision: String, id: String) {
    exactType = Name(checked: type)
    exactRevision = Name(checked: revision)
    exactID = Name(checked: id)
  }

  public var type: String { exactType.text }
  public var revision: String { exactRevision.text }
  public var id: String { exactID.text }

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
