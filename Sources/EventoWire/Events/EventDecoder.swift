internal import ByteCoding
package import Evento

/// Reads events in the form in which a gateway writes them: the members in its order, without white space between them
/// and without escapes in names and keys.
///
/// Whatever has another form, valid or not, is read again by ``JSONReader``, which looks up each member and says what is
/// wrong. So this can only be faster, and never accepts anything else: `Tests/Fuzz/Events` compares the two.
///
/// Use one for consecutive events: it keeps some of their texts.
package struct EventDecoder: Sendable {
  private var texts = TextCache()

  package init() {}

  /// Reads a line of a stream of JSON objects.
  ///
  /// - Parameter range: The line in the bytes, without its end.
  /// - Throws: An error if it is not a line of a gateway's stream.
  package mutating func line(_ bytes: [UInt8], _ range: Range<Int>) throws(EventoError) -> StreamLine {
    if let line = usualLine(bytes, range) { return line }
    return try StreamLine(json: Array(bytes[range]))
  }

  /// Reads a page.
  ///
  /// - Throws: An error if it is not a gateway's response.
  package mutating func page(_ bytes: [UInt8]) throws(EventoError) -> ReadResult<Event> {
    if let page = usualPage(bytes) { return page }
    return try ReadResponse.page(json: bytes)
  }

  // MARK: The usual form; `nil` for any other

  package mutating func usualLine(_ bytes: [UInt8], _ range: Range<Int>) -> StreamLine? {
    var scanner = JSONScanner(bytes, at: range.lowerBound)
    guard scanner.skip("{\"type\":\"event\",\"cursor\":"), let edge = edgeAfterName(&scanner) else { return nil }
    // Then nothing that was read is of the next line.
    return scanner.offset == range.upperBound ? .event(edge) : nil
  }

  package mutating func usualPage(_ bytes: [UInt8]) -> ReadResult<Event>? {
    var scanner = JSONScanner(bytes)
    guard scanner.skip("{\"edges\":[") else { return nil }
    var edges: [Edge<Event>] = []
    if scanner.next == UInt8(ascii: "{") {
      repeat {
        guard scanner.skip("{\"cursor\":"), let edge = edgeAfterName(&scanner) else { return nil }
        edges.append(edge)
      } while scanner.skip(UInt8(ascii: ","))
    }
    guard scanner.skip("],\"page_info\":{\"has_previous_page\":"), let hasPrevious = boolean(&scanner),
      scanner.skip(",\"has_next_page\":"), let hasNext = boolean(&scanner),
      scanner.skip(",\"start_cursor\":"), let start = optionalCursor(&scanner),
      scanner.skip(",\"end_cursor\":"), let end = optionalCursor(&scanner), scanner.skip("}}")
    else { return nil }
    scanner.skipWhitespace()
    guard scanner.next == nil else { return nil }
    return ReadResult(
      edges: edges,
      pageInfo: PageInfo(hasPreviousPage: hasPrevious, hasNextPage: hasNext, startCursor: start, endCursor: end))
  }

  /// Reads an event with its cursor, from the value of the member `cursor` on.
  private mutating func edgeAfterName(_ scanner: inout JSONScanner) -> Edge<Event>? {
    guard let cursor = cursor(&scanner), scanner.skip(",\"node\":"), let event = event(&scanner),
      scanner.skip(UInt8(ascii: "}"))
    else { return nil }
    return Edge(cursor: cursor, node: event)
  }

  private mutating func event(_ scanner: inout JSONScanner) -> Event? {
    guard scanner.skip("{\"id\":"), let id = ulid(&scanner),
      scanner.skip(",\"aggregator_type\":"), let type = text(&scanner),
      scanner.skip(",\"aggregator_id\":"), let aggregate = text(&scanner),
      scanner.skip(",\"version\":"), let version = integer(&scanner, in: 1...Int64(Event.maximumVersion)),
      scanner.skip(",\"name\":"), let name = text(&scanner),
      scanner.skip(",\"routing_key\":"), let routingKey = optionalText(&scanner),
      let (data, isErased) = content(&scanner),
      scanner.skip(",\"metadata\":"), let metadata = metadata(&scanner),
      scanner.skip(",\"timestamp\":"), let seconds = integer(&scanner, in: Timestamp.secondsRange),
      scanner.skip(",\"timestamp_subsec\":"), let subsecond = integer(&scanner, in: 0...999),
      scanner.skip(UInt8(ascii: "}"))
    else { return nil }
    return Event(
      id: id, aggregatorType: type, aggregatorID: aggregate, version: Int(version), name: name,
      routingKey: routingKey, data: data, metadata: metadata,
      timestamp: Timestamp(seconds: seconds, subsecond: Int(subsecond)), isErased: isErased)
  }

  private func content(_ scanner: inout JSONScanner) -> (data: Payload, isErased: Bool)? {
    if scanner.skip(",\"data\":") {
      guard let range = try? scanner.skipValue() else { return nil }
      return (Payload(bytes: scanner.withBytes(range) { Array($0) }, isJSON: true), false)
    }
    if scanner.skip(",\"data_base64\":") {
      guard let range = plainString(&scanner) else { return nil }
      return scanner.withBytes(range) { Base64.standard.decode(Array($0)) }.map { (Payload($0), false) }
    }
    return scanner.skip(",\"erased\":true") ? (Payload(), true) : nil
  }

  private func metadata(_ scanner: inout JSONScanner) -> Metadata? {
    guard scanner.next == UInt8(ascii: "{"), let range = try? scanner.skipValue(.unique(within: .max)) else {
      return nil
    }
    return scanner.withBytes(range) { Metadata(copying: $0) }
  }

  // MARK: Values

  private mutating func text(_ scanner: inout JSONScanner) -> String? {
    guard let range = plainString(&scanner) else { return nil }
    return scanner.withBytes(range) { texts.text($0) }
  }

  /// - Returns: A text, or `nil` for `null`; `nil` for anything else.
  private mutating func optionalText(_ scanner: inout JSONScanner) -> String?? {
    scanner.skip("null") ? .some(nil) : text(&scanner).map(Optional.some)
  }

  private func ulid(_ scanner: inout JSONScanner) -> ULID? {
    guard let range = plainString(&scanner) else { return nil }
    return scanner.withBytes(range) { ULID(utf8: $0) }
  }

  private func cursor(_ scanner: inout JSONScanner) -> Cursor? {
    guard let range = plainString(&scanner) else { return nil }
    return scanner.withBytes(range) { Cursor(parsing: $0) }
  }

  /// - Returns: A cursor, or `nil` for `null`; `nil` for anything else.
  private func optionalCursor(_ scanner: inout JSONScanner) -> Cursor?? {
    scanner.skip("null") ? .some(nil) : cursor(&scanner).map(Optional.some)
  }

  /// Skips a string without escapes.
  ///
  /// - Returns: The range of its content, which is valid UTF-8.
  private func plainString(_ scanner: inout JSONScanner) -> Range<Int>? {
    guard let string = try? scanner.skipString(), !string.isEscaped else { return nil }
    return string.content
  }

  private func boolean(_ scanner: inout JSONScanner) -> Bool? {
    scanner.skip("true") ? true : scanner.skip("false") ? false : nil
  }

  /// Reads an integer of at most 18 digits, which can't overflow.
  private func integer(_ scanner: inout JSONScanner, in range: ClosedRange<Int64>) -> Int64? {
    var number: Int64 = 0
    var count = 0
    while let byte = scanner.next, ASCII.isDigit(byte), count < 18 {
      // JSON has no leading zeros.
      if count == 1, number == 0 { return nil }
      number = number * 10 + Int64(byte - UInt8(ascii: "0"))
      count += 1
      _ = scanner.skip(byte)
    }
    return count > 0 && range.contains(number) ? number : nil
  }
}

extension JSONScanner {
  /// Calls `body` with a part of the bytes, which are valid only during the call.
  fileprivate func withBytes<Value>(_ range: Range<Int>, _ body: (UnsafeRawBufferPointer) -> Value) -> Value {
    bytes.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[range])) }
  }
}
