/// A request as it arrived.
struct Request: Sendable {
  let method: String
  let target: String
  /// By name in lower case.
  let headers: [String: String]
  /// The lines of the head, as they were.
  let lines: [String]
  var body: [UInt8] = []

  var text: String { String(decoding: body, as: UTF8.self) }

  init?(head: [UInt8]) {
    lines = String(decoding: head, as: UTF8.self).split(separator: "\r\n").map(String.init)
    let words = (lines.first ?? "").split(separator: " ")
    guard words.count == 3 else { return nil }
    method = String(words[0])
    target = String(words[1])
    var headers: [String: String] = [:]
    for line in lines.dropFirst() {
      guard let colon = line.firstIndex(of: ":") else { return nil }
      headers[line[..<colon].lowercased()] = String(line[line.index(after: colon)...].drop { $0 == " " })
    }
    self.headers = headers
  }

  /// Where the head ends, its empty line included.
  static func endOfHead(in bytes: [UInt8]) -> Int? {
    let end = Array("\r\n\r\n".utf8)
    guard bytes.count >= end.count else { return nil }
    return (0...bytes.count - end.count).first { bytes[$0] == end[0] && bytes[$0..<$0 + end.count].elementsEqual(end) }
      .map { $0 + end.count }
  }
}

/// A response, byte by byte.
func httpResponse(
  _ status: String, _ type: String = "application/json", _ headers: [String] = [], _ body: [UInt8]
) -> [UInt8] {
  var lines = ["HTTP/1.1 \(status)"] + headers
  if !status.hasPrefix("204") { lines += ["Content-Type: \(type)", "Content-Length: \(body.count)"] }
  return Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8) + body
}

func httpResponse(
  _ status: String, _ type: String = "application/json", _ headers: [String] = [], _ body: String = ""
) -> [UInt8] {
  httpResponse(status, type, headers, Array(body.utf8))
}

/// The body of a response that lists no subscribers.
let noSubscribers = #"{"subscribers":[],"page_info":{"has_next_page":false}}"#
