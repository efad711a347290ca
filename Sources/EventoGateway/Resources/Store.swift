internal import Evento

/// The executor behind the gateway, and what it can do beyond the eight operations, found out once.
struct Store: Sendable {
  let executor: any Executor
  private let writer: (any ConditionalWriter)?
  private let lookup: (any EventLookup)?
  private let directory: (any SubscriberDirectory)?
  private let remover: (any SnapshotRemover)?
  /// `nil` where a write has to be waited for by a task.
  let callbackWriter: (any CallbackWriter)?
  /// `nil` where a snapshot has to be waited for by a task.
  let snapshotReader: (any CallbackSnapshotReader)?
  /// `nil` where events have to be read as values.
  let viewer: (any EventViewer)?
  let readinessReporter: (any ReadinessReporter)?
  /// `nil` if readiness has to be waited for by a task.
  let callbackReadinessReporter: (any CallbackReadinessReporter)?
  let writeMeter: (any WriteMeter)?

  init(_ executor: any Executor) {
    self.executor = executor
    writer = executor as? any ConditionalWriter
    lookup = executor as? any EventLookup
    directory = executor as? any SubscriberDirectory
    remover = executor as? any SnapshotRemover
    callbackWriter = executor as? any CallbackWriter
    snapshotReader = executor as? any CallbackSnapshotReader
    viewer = executor as? any EventViewer
    readinessReporter = executor as? any ReadinessReporter
    callbackReadinessReporter = executor as? any CallbackReadinessReporter
    writeMeter = executor as? any WriteMeter
  }

  func conditionalWriter() throws(EventoError) -> any ConditionalWriter {
    try required(writer, "write under a condition")
  }

  func eventLookup() throws(EventoError) -> any EventLookup {
    try required(lookup, "find an event by its id")
  }

  func subscriberDirectory() throws(EventoError) -> any SubscriberDirectory {
    try required(directory, "show or manage subscribers")
  }

  func snapshotRemover() throws(EventoError) -> any SnapshotRemover {
    try required(remover, "delete snapshots")
  }

  private func required<Ability>(_ ability: Ability?, _ what: String) throws(EventoError) -> Ability {
    guard let ability else { throw EventoError(.notImplemented, "This gateway's store can't \(what).") }
    return ability
  }
}
