internal import Evento
package import EventoStorage

/// Reads the store of another program batch by batch.
package actor ForeignInput: ImportSource {
  package nonisolated let name: SourceName
  private let log: any ForeignLog
  private let readsRows: Bool
  private var events = 0
  /// `nil` until the subscribers were read.
  private var snapshots: Int?

  /// - Parameters:
  ///   - name: The name of the store in errors.
  ///   - readsRows: True to read subscribers and snapshots too.
  package init(_ log: any ForeignLog, name: String, withRows readsRows: Bool) {
    self.log = log
    self.name = SourceName(name: name, unit: "event")
    self.readsRows = readsRows
  }

  package func contents() -> ImportContents {
    ImportContents(isWhole: true, hasRows: readsRows)
  }

  package func nextBatch() async throws -> ImportBatch {
    var batch = ImportBatch()
    if events < log.count {
      let page = try await log.events(after: events, first: 1000)
      guard !page.isEmpty else {
        throw EventoError(.internal, "\(name.name) has only \(events) of its \(log.count) events. It is damaged.")
      }
      batch.events = page.enumerated().map { NumberedEvent(number: events + $0.offset + 1, event: $0.element) }
      events += page.count
    } else if readsRows, let offset = snapshots {
      let page = try await log.snapshots(after: offset, first: Self.snapshotsAtOnce)
      batch.snapshots = page.map { ImportedRow(number: events, row: $0.row, event: $0.event) }
      snapshots = offset + page.count
      batch.isLast = page.count < Self.snapshotsAtOnce
    } else if readsRows {
      batch.subscribers = try await log.subscribers().map {
        ImportedRow(number: events, row: $0.row, event: $0.event)
      }
      snapshots = 0
    }
    if !readsRows { batch.isLast = events == log.count }
    batch.progress = Double(events) / Double(max(log.count, 1))
    return batch
  }

  private static let snapshotsAtOnce = 100
}
