extension NewEvent {
  /// Returns true if each member that is present equals the stored one (text by its UTF-8 bytes), so that writing this
  /// event is a resend. With an event whose content was erased, nothing can be compared any more.
  public func isStored(as event: Event) -> Bool {
    agrees(
      id: event.id, version: event.version, timestamp: event.timestamp, routingKey: event.routingKey,
      type: event.aggregatorType, aggregatorID: event.aggregatorID, name: event.name)
      && isErased == event.isErased && data.bytes == event.data.bytes && metadata == event.metadata
  }

  /// Returns true if each member that is present, except payload and metadata, equals the stored one.
  package func agrees(with event: borrowing EventView) -> Bool {
    agrees(
      id: event.id, version: event.version, timestamp: event.timestamp, routingKey: event.routingKey,
      type: event.aggregatorType, aggregatorID: event.aggregatorID, name: event.name)
  }

  private func agrees(
    id: ULID, version: Int, timestamp: Timestamp, routingKey: String?, type: String, aggregatorID: String, name: String
  ) -> Bool {
    if let given = self.id, given != id { return false }
    if let given = self.version, given != version { return false }
    if let given = self.timestamp, given != timestamp { return false }
    if case .value(let given) = self.routingKey, !given.isExactly(routingKey) { return false }
    return aggregatorType.isExactly(type) && self.aggregatorID.isExactly(aggregatorID) && self.name.isExactly(name)
  }
}
