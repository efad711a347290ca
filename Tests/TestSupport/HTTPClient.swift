/// One request on one connection: what `curl` does, as a function.
package struct HTTPClient: Sendable {
  package let port: UInt16
  /// What goes with every request.
  package var fields: [(name: String, value: String)] = []

  package init(port: UInt16) {
    self.port = port
  }

  package func send(
    _ method: String, _ target: String, _ body: String? = nil, fields more: [(name: String, value: String)] = []
  ) async throws -> HTTPResponse {
    try await send(method, target, bytes: body.map { Array($0.utf8) }, fields: more)
  }

  package func send(
    _ method: String, _ target: String, bytes body: [UInt8]?, fields more: [(name: String, value: String)] = []
  ) async throws -> HTTPResponse {
    let connection = try RawConnection(port: port)
    try await connection.send(message(method, target, body, more))
    var responses = HTTPResponseReader(connection)
    return try await responses.next(hasBody: method != "HEAD")
  }

  /// Returns the head of a response that has no end, and as much of its body as the condition requires.
  package func beginning(
    _ method: String, _ target: String, _ body: String? = nil, fields more: [(name: String, value: String)] = [],
    until isEnough: (String) -> Bool
  ) async throws -> HTTPResponse {
    let connection = try RawConnection(port: port)
    try await connection.send(message(method, target, body.map { Array($0.utf8) }, more))
    var responses = HTTPResponseReader(connection)
    return try await responses.beginning(until: isEnough)
  }

  /// A request as it goes down the connection.
  package func message(
    _ method: String, _ target: String, _ body: [UInt8]?, _ more: [(name: String, value: String)]
  ) -> [UInt8] {
    var all = [(name: "Host", value: "127.0.0.1:\(port)"), (name: "Connection", value: "close")] + fields + more
    if let body {
      all.append((name: "Content-Length", value: "\(body.count)"))
      if !all.contains(where: { $0.name.lowercased() == "content-type" }) {
        all.append((name: "Content-Type", value: "application/json"))
      }
    }
    let head = "\(method) \(target) HTTP/1.1\r\n" + all.map { "\($0.name): \($0.value)\r\n" }.joined() + "\r\n"
    return Array(head.utf8) + (body ?? [])
  }
}
