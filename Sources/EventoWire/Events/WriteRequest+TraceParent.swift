internal import Evento

extension WriteRequest {
  /// Adds the trace of the request to the metadata of its events, unless an event has a `traceparent` of its own.
  ///
  /// Events with an id are left as they are. Such a write can be sent again, usually in another trace, and must then
  /// have the same metadata as the first time.
  ///
  /// - Parameter limit: The maximum size of an event's metadata, in bytes. Metadata that would exceed it is left as it
  ///   is.
  package mutating func addTraceParent(_ trace: TraceParent, upTo limit: Int) {
    for index in events.indices where events[index].id == nil {
      guard let metadata = events[index].metadata.adding(TraceParent.field, trace.text), metadata.bytes.count <= limit
      else { continue }
      events[index].metadata = metadata
    }
  }
}
