package import Evento

/// The operator's notices about the upgrade of an older store: it is one transaction, however large the store is, and the
/// store is not available until its end.
package final class UpgradeNotices {
  package let beginning: StoreNotice
  private let name: String
  private let version: String
  private let events: Int64
  private let start = ContinuousClock.now
  private var lastProgress = ContinuousClock.now

  /// - Parameters:
  ///   - name: The store, for people.
  ///   - versions: The old version and the new one, each with its noun, such as "schema 3".
  ///   - bytes: The size of the store.
  package init(_ name: String, _ versions: (from: String, to: String), events: Int64, bytes: Int64) {
    self.name = name
    version = versions.to
    self.events = events
    beginning = StoreNotice(
      level: .information,
      message:
        "Upgrading \(name) from \(versions.from) to \(versions.to): \(events) \(events == 1 ? "event" : "events"), "
        + "\(bytes) bytes. The store is not available until this is done.",
      cause: nil)
  }

  /// Returns a notice every five seconds.
  ///
  /// - Parameter count: The number of events that are done.
  package func progress(_ count: Int64) -> StoreNotice? {
    guard ContinuousClock.now - lastProgress >= .seconds(5) else { return nil }
    lastProgress = .now
    return StoreNotice(
      level: .information, message: "Upgrading \(name): \(count) of \(events) events are done.", cause: nil)
  }

  package var end: StoreNotice {
    let seconds = (ContinuousClock.now - start).components.seconds
    return StoreNotice(level: .information, message: "Upgraded \(name) to \(version) (\(seconds) s).", cause: nil)
  }
}
