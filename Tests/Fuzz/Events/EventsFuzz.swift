@testable internal import Evento
@testable internal import EventoWire

/// Bytes as a line of a stream, as a page and as several lines, and as damage to what a gateway writes.
///
/// What `EventDecoder` reads by itself is what `JSONReader` reads; whatever it does not is left to that one, so that each
/// line means the same, or fails with the same error, wherever it stands.
func fuzz(_ bytes: [UInt8]) {
  checkLines(bytes)
  checkPage(bytes)
  var random = InputGenerator(bytes)
  let edge = edge(bytes)
  let encoding: PayloadEncoding = bytes.count % 4 == 0 ? .base64 : .auto
  let line = Array(StreamFormat.ndjson.line(edge, encoding).dropLast())
  expect(isRead(line) || hasEscapes(edge), "not read by itself: \(text(line))")
  checkLines(damaged(line, &random))
  var output = PageOutput(.forward(), encoding, limit: .max)
  let page = ReadResult(
    edges: [edge, edge],
    pageInfo: PageInfo(
      hasPreviousPage: bytes.count % 2 == 0, hasNextPage: bytes.count % 3 == 0,
      startCursor: bytes.count % 5 == 0 ? nil : edge.cursor, endCursor: edge.cursor))
  let info = page.forEachEvent(.forward()) { output.add($0) }
  let written = output.finish(info)
  var decoder = EventDecoder()
  expectEqual(try? decoder.page(written), page, "a page, written and read again")
  checkPage(damaged(written, &random))
}

// MARK: The two readers

/// Each line by itself, and as a part of all bytes.
private func checkLines(_ bytes: [UInt8]) {
  var decoder = EventDecoder()
  var start = 0
  while start <= bytes.count {
    let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
    let line = Array(bytes[start..<end])
    let expected = Result { () throws(EventoError) in try StreamLine(json: line) }
    let found = Result { () throws(EventoError) in try decoder.line(bytes, start..<end) }
    expect(agree(expected, found), "\(text(line)):\n  \(expected)\n  \(found)")
    if let usual = decoder.usualLine(bytes, start..<end) {
      expect(agree(expected, .success(usual)), "read by itself: \(text(line))")
    }
    start = end + 1
  }
}

private func checkPage(_ bytes: [UInt8]) {
  var decoder = EventDecoder()
  let expected = Result { () throws(EventoError) in try ReadResponse.page(json: bytes) }
  switch (expected, Result { () throws(EventoError) in try decoder.page(bytes) }) {
  case (.success(let expected), .success(let found)): expectEqual(found, expected, "the page \(text(bytes))")
  case (.failure(let expected), .failure(let found)): expectEqual(found, expected, "the error of \(text(bytes))")
  case (_, let found): expect(false, "\(text(bytes)):\n  \(expected)\n  \(found)")
  }
}

private func agree(_ left: Result<StreamLine, EventoError>, _ right: Result<StreamLine, EventoError>) -> Bool {
  switch (left, right) {
  case (.success(.event(let left)), .success(.event(let right))): left == right
  case (.success(.heartbeat(let left)), .success(.heartbeat(let right))): left == right
  case (.success(.other), .success(.other)): true
  case (.failure(let left), .failure(let right)): left == right
  default: false
  }
}

private func isRead(_ line: [UInt8]) -> Bool {
  var decoder = EventDecoder()
  return decoder.usualLine(line, line.indices) != nil
}

private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

// MARK: What a gateway writes

/// An event of the input: the first lines are its texts, and the whole is its payload.
private func edge(_ bytes: [UInt8]) -> Edge<Event> {
  let texts = text(bytes).split(separator: "\n", maxSplits: 4, omittingEmptySubsequences: false).map(String.init)
  func name(_ index: Int) -> String { index < texts.count ? texts[index] : "MoneyDepositedLately" }
  return Edge(
    cursor: Cursor(content: [1] + bytes.prefix(100)),
    node: Event(
      id: ULID(high: UInt64(bytes.count), low: .max), aggregatorType: name(0), aggregatorID: name(1),
      version: bytes.count + 1, name: name(2), routingKey: bytes.count % 3 == 0 ? nil : name(3),
      data: Payload(bytes), metadata: (try? Metadata(json: name(4))) ?? Metadata(),
      timestamp: Timestamp(milliseconds: Int64(bytes.count) * 1001), isErased: bytes.count % 7 == 0))
}

/// Returns whether a name or key is written with escapes, which the decoder leaves to the other reader.
private func hasEscapes(_ edge: Edge<Event>) -> Bool {
  let names = [edge.node.aggregatorType, edge.node.aggregatorID, edge.node.name, edge.node.routingKey ?? ""]
  return names.contains { name in
    name.unicodeScalars.contains { $0.value < 0x20 || "\"\\\u{85}\u{2028}\u{2029}".unicodeScalars.contains($0) }
  }
}

/// One byte of the text is removed, repeated or another one, or the text is cut.
private func damaged(_ text: [UInt8], _ random: inout InputGenerator) -> [UInt8] {
  var text = text
  let index = Int.random(in: text.indices, using: &random)
  switch Int.random(in: 0..<4, using: &random) {
  case 0: text.remove(at: index)
  case 1: text.insert(text[index], at: index)
  case 2: text[index] = Array("\"\\{}[],: \n0123456789-.eE\u{0}\u{7F}éA".utf8).randomElement(using: &random) ?? 0
  default: text.removeSubrange(index...)
  }
  return text
}
