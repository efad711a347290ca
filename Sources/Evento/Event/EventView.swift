/// A view of an event and its cursor, stored elsewhere: in a row of a store, or in an ``Edge``.
///
/// The bytes are borrowed, and valid only during the call that provides the view. It can't be copied and is only passed
/// as `borrowing`, so that it can't be kept; to keep the event, make an ``Edge`` of it.
package struct EventView: ~Copyable {
  /// The text form of the event's ``Cursor``.
  package let cursor: UnsafeRawBufferPointer
  package let id: ULID
  package let names: EventNames
  package let aggregatorID: String
  package let version: Int
  /// The payload.
  package let data: UnsafeRawBufferPointer
  /// The value of ``Payload/isJSON``.
  package let isJSON: Bool
  /// The text of a JSON object.
  package let metadata: UnsafeRawBufferPointer
  package let timestamp: Timestamp
  /// The value of ``Event/isErased``. Then there is no payload, and the metadata is `{}`.
  package let isErased: Bool

  package init(
    cursor: UnsafeRawBufferPointer, id: ULID, aggregatorType: String, aggregatorID: String, version: Int, name: String,
    routingKey: String?, data: UnsafeRawBufferPointer, isJSON: Bool, metadata: UnsafeRawBufferPointer,
    timestamp: Timestamp, isErased: Bool
  ) {
    self.init(
      cursor: cursor, id: id, names: EventNames(aggregatorType: aggregatorType, name: name, routingKey: routingKey),
      aggregatorID: aggregatorID, version: version, data: data, isJSON: isJSON, metadata: metadata,
      timestamp: timestamp, isErased: isErased)
  }

  package init(
    cursor: UnsafeRawBufferPointer, id: ULID, names: consuming EventNames, aggregatorID: consuming String, version: Int,
    data: UnsafeRawBufferPointer, isJSON: Bool, metadata: UnsafeRawBufferPointer, timestamp: Timestamp, isErased: Bool
  ) {
    self.cursor = cursor
    self.id = id
    self.names = names
    self.aggregatorID = aggregatorID
    self.version = version
    self.data = data
    self.isJSON = isJSON
    self.metadata = metadata
    self.timestamp = timestamp
    self.isErased = isErased
  }

  package var aggregatorType: String { names.aggregatorType }

  package var name: String { names.name }

  package var routingKey: String? { names.routingKey }
}

extension Edge<Event> {
  /// Copies the viewed event.
  package init(_ view: borrowing EventView) {
    self.init(
      cursor: Cursor(made: view.cursor),
      node: Event(
        id: view.id, aggregatorType: view.aggregatorType, aggregatorID: view.aggregatorID, version: view.version,
        name: view.name, routingKey: view.routingKey, data: Payload(bytes: Array(view.data), isJSON: view.isJSON),
        metadata: Metadata(copying: view.metadata), timestamp: view.timestamp, isErased: view.isErased))
  }

  /// Calls `body` with a view of the event and its cursor.
  package func withView<Value>(_ body: (borrowing EventView) -> Value) -> Value {
    var cursor = cursor.description
    return cursor.withUTF8 { cursor in
      node.data.bytes.withUnsafeBytes { data in
        node.metadata.bytes.withUnsafeBytes { metadata in
          body(
            EventView(
              cursor: UnsafeRawBufferPointer(cursor), id: node.id, aggregatorType: node.aggregatorType,
              aggregatorID: node.aggregatorID, version: node.version, name: node.name, routingKey: node.routingKey,
              data: data, isJSON: node.data.isJSON, metadata: metadata, timestamp: node.timestamp,
              isErased: node.isErased))
        }
      }
    }
  }
}

extension WrittenEvent {
  /// Copies what the viewed event was stored with.
  package init(_ view: borrowing EventView, cursor: Cursor) {
    self.init(
      id: view.id, aggregatorType: view.aggregatorType, aggregatorID: view.aggregatorID, version: view.version,
      routingKey: view.routingKey, timestamp: view.timestamp, cursor: cursor)
  }
}

extension ReadResult<Event> {
  /// Passes the page's events to `each`, like a ``CallbackExecutor``.
  ///
  /// - Parameter args: The arguments with which the page was read.
  package func forEachEvent(_ args: Args, _ each: (borrowing EventView) -> Bool) -> PageInfo {
    var info = pageInfo
    switch args {
    case .forward:
      if let index = edges.firstIndex(where: { !$0.withView(each) }) {
        info.hasNextPage = true
        info.endCursor = index == 0 ? nil : edges[index - 1].cursor
      }
    case .backward:
      if let index = edges.lastIndex(where: { !$0.withView(each) }) {
        info.hasPreviousPage = true
        info.startCursor = index == edges.count - 1 ? nil : edges[index + 1].cursor
      }
    }
    return info
  }
}
