/// Which state a snapshot is of. Each revision of a type is kept apart.
public struct SnapshotKey: Sendable, Equatable {
  public let type: String
  public let revision: String
  public let id: String

  public init(type: String, revision: String, id: String) {
    self.type = type
    self.revision = revision
    self.id = id
  }

  /// Equal in every member, by UTF-8 bytes.
  public static func == (left: SnapshotKey, right: SnapshotKey) -> Bool {
    left.type.isExactly(right.type) && left.revision.isExactly(right.revision) && left.id.isExactly(right.id)
  }

  /// Checks the form.
  ///
  /// - Throws: `invalid_request` where a member is out of form.
  public func check() throws {
    try NameRule.check(type, "The snapshot's type")
    try NameRule.check(revision, "The snapshot's revision")
    try NameRule.check(id, "The snapshot's id")
  }
}

/// A state, and the place in the log up to which it is folded.
public struct Snapshot: Sendable, Hashable {
  public let data: Payload
  public let cursor: Cursor

  public init(data: Payload, cursor: Cursor) {
    self.data = data
    self.cursor = cursor
  }
}
