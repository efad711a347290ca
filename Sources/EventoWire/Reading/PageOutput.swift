internal import ByteCoding
package import Evento

/// The response to a read, built event by event in reading order: a backward page from its last event.
///
/// It accepts as many events as fit into the response: only one, if that is larger than the limit.
package struct PageOutput: PageBuilder {
  private var bytes: JSONWriter
  private let encoding: PayloadEncoding
  private let limit: Int
  /// The end of each event on a backward page: they are reordered at the end.
  private var ends: [Int]?
  /// The number of events.
  package private(set) var count = 0

  /// More than the size of everything around the events: two cursors, two flags and the members' names.
  private static let frameLength = 2 * Cursor.maximumLength + 150
  private static let start: StaticString = "{\"edges\":["

  /// - Parameters:
  ///   - args: The arguments of the read.
  ///   - limit: The maximum size of the response, in bytes.
  package init(_ args: Args, _ encoding: PayloadEncoding, limit: Int) {
    self.encoding = encoding
    self.limit = limit
    let (events, isForward) =
      switch args {
      case .forward(let first, _): (first, true)
      case .backward(let last, _): (last, false)
      }
    bytes = JSONWriter(capacity: min(events, Self.expectedEvents) * Self.expectedLength + Self.frameLength)
    if isForward { bytes.write(json: Self.start) } else { ends = [] }
  }

  /// The number of events to allocate room for at first.
  private static let expectedEvents = 128
  private static let expectedLength = 512

  /// Returns false if the payload alone is larger than the rest of the response may be.
  package func hasRoom(payloadBytes: Int, isJSON: Bool) -> Bool {
    let length = encoding.keeps(isJSON: isJSON) ? payloadBytes : Base64.standard.textLength(of: payloadBytes)
    return count == 0 || bytes.count + length + Self.frameLength <= limit
  }

  /// - Returns: False, with nothing added, if the event does not fit: it is left to the next page.
  package mutating func add(_ event: borrowing EventView) -> Bool {
    let before = bytes.count
    let (encoding, isBehindAnother) = (encoding, count > 0 && ends == nil)
    bytes.write(upTo: 1 + JSONRoom.longest(edge: event, encoding)) { room in
      if isBehindAnother { room.put(json: ",") }
      room.put(edge: event, encoding)
    }
    guard count == 0 || bytes.count + count + Self.frameLength <= limit else {
      bytes.cut(to: before)
      return false
    }
    ends?.append(bytes.count)
    count += 1
    return true
  }

  /// Returns the response. Nothing can be added afterwards.
  package mutating func finish(_ info: PageInfo) -> [UInt8] {
    if let ends { putInOrder(ends) }
    bytes.write(upTo: Self.frameLength) { room in
      room.put(json: "],\"page_info\":{\"has_previous_page\":")
      room.put(boolean: info.hasPreviousPage)
      room.put(json: ",\"has_next_page\":")
      room.put(boolean: info.hasNextPage)
      room.put(json: ",\"start_cursor\":")
      room.put(cursor: info.startCursor)
      room.put(json: ",\"end_cursor\":")
      room.put(cursor: info.endCursor)
      room.put(json: "}}\n")
    }
    let response = bytes.take()
    // A waiting read holds its empty page, so it must not be larger than necessary. A slice of a whole array would be
    // the same array, with its capacity.
    return count == 0 ? response.withUnsafeBytes { Array($0) } : response
  }

  private mutating func putInOrder(_ ends: [Int]) {
    var ordered = JSONWriter(capacity: bytes.count + count + Self.frameLength * 2)
    ordered.write(json: Self.start)
    for index in ends.indices.reversed() {
      ordered.write(bytes, (index > 0 ? ends[index - 1] : 0)..<ends[index])
      if index > 0 { ordered.write(json: ",") }
    }
    bytes = ordered
  }
}
