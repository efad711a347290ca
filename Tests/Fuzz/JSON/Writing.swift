internal import Foundation

@testable internal import ByteCoding
@testable internal import Evento
@testable internal import EventoWire

/// The bytes as the parts of responses: text, payload, metadata.
func checkWriting(_ bytes: [UInt8]) {
  let text = String(decoding: bytes, as: UTF8.self)
  checkString(text)
  checkInteger(bytes.prefix(8).reduce(0) { $0 << 8 | Int64($1) })
  checkBase64(bytes)
  checkEvent(bytes, text)
}

private func checkString(_ text: String) {
  var writer = JSONWriter(capacity: 0)
  writer.write(string: text)
  let written = writer.take()
  expect(JSONScanner.isBareValue(written), "not JSON: \(written)")
  guard let tree = try? JSONTree(text: written), case .string(let read) = tree else {
    return expect(false, "no string: \(written)")
  }
  expectEqual(read, Array(text.utf8), "a string, written and read again")
  let object = try? JSONSerialization.jsonObject(with: Data(written), options: .fragmentsAllowed)
  if tree.isPlain { expect(object.map(tree.means) == true, "Foundation says \(String(describing: object))") }
}

private func checkInteger(_ number: Int64) {
  var written: [UInt8] = []
  written.append(integer: number)
  expectEqual(String(decoding: written, as: UTF8.self), String(number), "an integer")
}

/// RFC 4648: one text for some bytes, and no other is taken for them.
private func checkBase64(_ bytes: [UInt8]) {
  let written = Array(Base64.standard.encode(bytes).utf8)
  expectEqual(written, Array(Data(bytes).base64EncodedData()), "base64")
  expectEqual(Base64.standard.decode(written), bytes, "base64, written and read again")
  expectEqual(Base64.url.decode(Array(Base64.url.encode(bytes).utf8)), bytes, "base64url, written and read again")
  if let read = Base64.standard.decode(bytes) {
    expectEqual(Array(Base64.standard.encode(read).utf8), bytes, "base64, read and written again")
    expectEqual(Data(base64Encoded: Data(bytes)), Data(read), "base64 as Foundation reads it")
  }
  if let read = Base64.url.decode(bytes) {
    expectEqual(Array(Base64.url.encode(read).utf8), bytes, "base64url, read and written again")
  }
}

private func checkEvent(_ bytes: [UInt8], _ text: String) {
  let halves = text.split(separator: "\n", maxSplits: 1).map(String.init)
  let event = Event(
    id: ULID(high: UInt64(bytes.count), low: .max), aggregatorType: text, aggregatorID: halves.first ?? "",
    version: bytes.count + 1, name: halves.last ?? "", routingKey: bytes.count % 3 == 0 ? nil : text,
    data: Payload(bytes), metadata: (try? Metadata(json: text)) ?? Metadata(),
    timestamp: Timestamp(milliseconds: Int64(bytes.count) * 1001))
  let edge = Edge(cursor: Cursor(content: [1] + bytes.prefix(100)), node: event)
  let encoding: PayloadEncoding = bytes.count % 2 == 0 ? .auto : .base64
  let written = ReadResponse.json(edge, encoding)
  expect(Grammar.isJSON(written), "not JSON: \(String(decoding: written, as: UTF8.self))")
  expectEqual(try? ReadResponse.edge(json: written), edge, "an event, written and read again")
  for format in StreamFormat.allCases { checkLine(edge, encoding, format) }
}

/// What ends a line for one common reader or another.
private let lineEnds: Set<UInt32> = [0x0A, 0x0B, 0x0C, 0x0D, 0x1C, 0x1D, 0x1E, 0x85, 0x2028, 0x2029]

/// An event of a stream is on one line.
private func checkLine(_ edge: Edge<Event>, _ encoding: PayloadEncoding, _ format: StreamFormat) {
  let written = format.line(edge, encoding)
  let frame: (start: String, end: String) =
    switch format {
    case .eventStream: ("id: \(edge.cursor)\nevent: event\ndata: ", "\n\n")
    case .ndjson: ("", "\n")
    }
  expect(written.starts(with: frame.start.utf8), "\(written)")
  let line = Array(written.dropFirst(frame.start.utf8.count).dropLast(frame.end.utf8.count))
  expect(written.count == line.count + frame.start.utf8.count + frame.end.utf8.count, "\(written)")
  expect(written.suffix(frame.end.utf8.count).elementsEqual(frame.end.utf8), "\(written)")
  let text = String(decoding: line, as: UTF8.self)
  expect(!text.unicodeScalars.contains { lineEnds.contains($0.value) }, "a line end in \(text)")

  // In metadata CR and LF come as spaces, and the others as escapes.
  let metadata = String(decoding: edge.node.metadata.bytes, as: UTF8.self).unicodeScalars.flatMap { scalar in
    guard lineEnds.contains(scalar.value) else { return Array(String(scalar).utf8) }
    let digits = String(scalar.value, radix: 16)
    return scalar.value < 0x20 ? [0x20] : Array(("\\u" + (digits.count == 2 ? "00" : "") + digits).utf8)
  }
  let event = Event(
    id: edge.node.id, aggregatorType: edge.node.aggregatorType, aggregatorID: edge.node.aggregatorID,
    version: edge.node.version, name: edge.node.name, routingKey: edge.node.routingKey, data: edge.node.data,
    metadata: Metadata(checked: metadata), timestamp: edge.node.timestamp)
  switch format {
  case .eventStream:
    expectEqual(try? ReadResponse.edge(json: line), Edge(cursor: edge.cursor, node: event), "of a stream")
  case .ndjson:
    guard case .event(let read)? = try? StreamLine(json: line) else { return expect(false, "no event: \(line)") }
    expectEqual(read, Edge(cursor: edge.cursor, node: event), "of a stream")
  }
}

extension ReadResponse {
  /// Writes a page, as the gateway does.
  static func json(_ page: ReadResult<Event>, _ encoding: PayloadEncoding) -> [UInt8] {
    var output = PageOutput(.forward(), encoding, limit: .max)
    let info = page.forEachEvent(.forward()) { output.add($0) }
    return output.finish(info)
  }

  static func json(_ edge: Edge<Event>, _ encoding: PayloadEncoding) -> [UInt8] {
    edge.withView { json($0, encoding) }
  }
}
