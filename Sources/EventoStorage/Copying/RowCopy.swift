internal import Evento

/// A row with a cursor, which a copy translates: a subscriber or a snapshot.
protocol CopiedRow: Sendable {
  /// The key, which is unique. Rows are listed in the order of their keys.
  var names: [Name] { get }
  var cursor: Cursor? { get }
  /// The row in errors.
  var label: String { get }

  /// Returns whether all values except the cursors are equal.
  func hasValues(of other: Self) -> Bool

  static func page(of store: any DatabaseStore, after last: Self?) async throws -> (rows: [Self], hasNextPage: Bool)
  static func put(_ rows: [Self], into store: any DatabaseStore) async throws
  func delete(from store: any DatabaseStore) async throws
}

extension CopiedRow {
  fileprivate var position: Int64? { cursor.flatMap { LogPosition($0)?.position } }

  fileprivate func isCopy(of other: Self) -> Bool { position == other.position && hasValues(of: other) }
}

extension StoreCopy {
  /// Makes the rows of the target those of the source, page by page, and checks that each page is stored.
  ///
  /// A page is compared with what was read from the source, and not with the source again, where the row of a running
  /// subscriber may have changed.
  ///
  /// - Parameter log: The copied events. Those up to the positions of the rows are added.
  /// - Returns: The number of rows.
  func copyRows<Row: CopiedRow>(of type: Row.Type, _ log: inout LogCopy) async throws -> Int {
    var count = 0
    var last: Row?
    while true {
      try Task.checkCancellation()
      let page = try await Row.page(of: source.store, after: last)
      if let end = page.rows.compactMap(\.position).max(), end > log.count { try await log.extend(to: Int(end)) }
      if !page.rows.isEmpty { try await Row.put(page.rows, into: target.store) }
      try await reconcile(page.rows, isLast: !page.hasNextPage, after: last)
      count += page.rows.count
      guard page.hasNextPage else { return count }
      last = page.rows.last
    }
  }

  /// Removes the rows of the target that the source does not have, and checks the others.
  ///
  /// - Parameters:
  ///   - rows: A page of the source.
  ///   - isLast: True if it is the last one.
  ///   - last: The row before the page.
  private func reconcile<Row: CopiedRow>(_ rows: [Row], isLast: Bool, after last: Row?) async throws {
    var missing = rows[...]
    var last = last
    while true {
      let page = try await Row.page(of: target.store, after: last)
      for row in page.rows {
        guard let next = missing.first else {
          // A greater key belongs to the next page.
          guard isLast else { return }
          try await row.delete(from: target.store)
          continue
        }
        if row.names == next.names {
          guard row.isCopy(of: next) else { throw damagedTarget("has a different \(row.label)") }
          missing.removeFirst()
        } else if row.names.lexicographicallyPrecedes(next.names) {
          try await row.delete(from: target.store)
        } else {
          throw damagedTarget("has no \(next.label)")
        }
      }
      guard page.hasNextPage, let end = page.rows.last, isLast || !missing.isEmpty else { break }
      last = end
    }
    if let next = missing.first { throw damagedTarget("has no \(next.label)") }
  }

  private func damagedTarget(_ what: String) -> EventoError {
    EventoError(
      .internal,
      """
      \(target.name) \(what), although it was just copied there. Stop all processes that use \(target.name), and copy again.
      """)
  }
}

extension Subscriber: CopiedRow {
  var names: [Name] { [Name(checked: key)] }

  var label: String { "subscriber \"\(key)\"" }

  func hasValues(of other: Subscriber) -> Bool {
    names == other.names && workerID == other.workerID && lag == other.lag && isEnabled == other.isEnabled
      && createdAt == other.createdAt && updatedAt == other.updatedAt
  }

  static func page(
    of store: any DatabaseStore, after last: Subscriber?
  ) async throws -> (rows: [Subscriber], hasNextPage: Bool) {
    let page = try await store.subscribers(first: SubscriberPage.countRange.upperBound, after: last?.key)
    return (page.subscribers, page.hasNextPage)
  }

  static func put(_ rows: [Subscriber], into store: any DatabaseStore) async throws {
    try await store.importSubscribers(rows)
  }

  func delete(from store: any DatabaseStore) async throws {
    try await store.deleteSubscriber(key)
  }
}

extension KeyedSnapshot: CopiedRow {
  var names: [Name] { [key.type, key.revision, key.id].map(Name.init(checked:)) }

  var cursor: Cursor? { snapshot.cursor }

  var label: String { "snapshot \"\(key.type)\", \"\(key.revision)\", \"\(key.id)\"" }

  func hasValues(of other: KeyedSnapshot) -> Bool { key == other.key && snapshot.data == other.snapshot.data }

  static func page(
    of store: any DatabaseStore, after last: KeyedSnapshot?
  ) async throws -> (rows: [KeyedSnapshot], hasNextPage: Bool) {
    let page = try await store.snapshots(first: SubscriberPage.countRange.upperBound, after: last?.key)
    return (page.snapshots, page.hasNextPage)
  }

  static func put(_ rows: [KeyedSnapshot], into store: any DatabaseStore) async throws {
    try await store.importSnapshots(rows)
  }

  func delete(from store: any DatabaseStore) async throws {
    try await store.deleteSnapshot(key)
  }
}
