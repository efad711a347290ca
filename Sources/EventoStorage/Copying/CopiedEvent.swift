package import Evento

extension Event {
  /// Returns whether this is the same event, or was before its content was erased there.
  package func isCopy(of original: Event) -> Bool { (original.isErased ? erased : self) == original }
}

extension NewEvent {
  /// Creates an event that is stored with all the values of another one.
  package init(stored event: Event) {
    self.init(
      id: event.id, aggregatorType: event.aggregatorType, aggregatorID: event.aggregatorID, version: event.version,
      name: event.name, routingKey: .value(event.routingKey), data: event.data, metadata: event.metadata,
      timestamp: event.timestamp)
    isErased = event.isErased
  }
}
