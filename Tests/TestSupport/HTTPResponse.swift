internal import Foundation

/// A response, parsed by the tests themselves.
package struct HTTPResponse: Sendable {
  package let status: Int
  package let fields: [(name: String, value: String)]
  package let body: [UInt8]

  package var text: String { String(decoding: body, as: UTF8.self) }

  /// The value of the one field of this name.
  package subscript(_ name: String) -> String? {
    let values = fields.filter { $0.name.lowercased() == name.lowercased() }
    return values.count == 1 ? values[0].value : nil
  }
}

/// Parses responses from the bytes of a connection (RFC 9112 §6.3).
package struct HTTPResponseReader: Sendable {
  private let connection: RawConnection
  private var buffer: [UInt8] = []

  package init(_ connection: RawConnection) {
    self.connection = connection
  }

  /// Returns the next response that is not an interim one.
  ///
  /// - Parameter hasBody: False for the response to a HEAD.
  package mutating func next(hasBody: Bool = true) async throws -> HTTPResponse {
    while true {
      let response = try await nextOfAny(hasBody: hasBody)
      if response.status >= 200 { return response }
    }
  }

  /// Returns the next response, even an interim one.
  package mutating func nextOfAny(hasBody: Bool = true) async throws -> HTTPResponse {
    let (code, fields) = try await head()
    func value(_ name: String) -> String? { fields.first { $0.name.lowercased() == name }?.value }
    var body: [UInt8] = []
    if !hasBody || code < 200 || code == 204 || code == 304 {
      body = []
    } else if value("transfer-encoding") == "chunked" {
      body = try await chunks()
    } else if let length = value("content-length") {
      guard let count = Int(length) else { throw RawConnection.Failure(description: "Content-Length: \(length)") }
      body = try await take(count)
    } else {
      body = buffer + (try await connection.receiveAll())
      buffer = []
    }
    return HTTPResponse(status: code, fields: fields, body: body)
  }

  /// Returns the head of a chunked response, and as much of its body as the condition requires, or all of it.
  package mutating func beginning(until isEnough: (String) -> Bool) async throws -> HTTPResponse {
    let (code, fields) = try await head()
    guard fields.contains(where: { $0.value == "chunked" }) else {
      let length = fields.first { $0.name.lowercased() == "content-length" }.flatMap { Int($0.value) }
      return HTTPResponse(status: code, fields: fields, body: try await take(length ?? 0))
    }
    return HTTPResponse(status: code, fields: fields, body: try await more(until: isEnough))
  }

  /// Returns more of the body of a chunked response.
  package mutating func more(until isEnough: (String) -> Bool) async throws -> [UInt8] {
    try await chunks(until: isEnough)
  }

  private mutating func head() async throws -> (status: Int, fields: [(name: String, value: String)]) {
    let head = try await take(upTo: Array("\r\n\r\n".utf8))
    var lines = String(decoding: head, as: UTF8.self).components(separatedBy: "\r\n")
    let status = lines.removeFirst().split(separator: " ", maxSplits: 2)
    guard status.count >= 2, status[0] == "HTTP/1.1" || status[0] == "HTTP/1.0", let code = Int(status[1]) else {
      throw RawConnection.Failure(description: "no status line: \(status)")
    }
    let fields = lines.filter { !$0.isEmpty }.map { line -> (name: String, value: String) in
      let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
      return (String(parts[0]), parts.count > 1 ? parts[1].trimmingCharacters(in: .whitespaces) : "")
    }
    return (code, fields)
  }

  private mutating func chunks(until isEnough: (String) -> Bool = { _ in false }) async throws -> [UInt8] {
    var body: [UInt8] = []
    while !isEnough(String(decoding: body, as: UTF8.self)) {
      let line = try await take(upTo: Array("\r\n".utf8))
      let digits = String(decoding: line.dropLast(2), as: UTF8.self).prefix { $0 != ";" }
      guard let count = Int(digits, radix: 16) else { throw RawConnection.Failure(description: "chunk size \(digits)") }
      body += try await take(count)
      guard try await take(2) == Array("\r\n".utf8) else { throw RawConnection.Failure(description: "chunk end") }
      if count == 0 { return body }
    }
    return body
  }

  private mutating func take(_ count: Int) async throws -> [UInt8] {
    while buffer.count < count { try await fill() }
    defer { buffer.removeFirst(count) }
    return Array(buffer.prefix(count))
  }

  private mutating func take(upTo mark: [UInt8]) async throws -> [UInt8] {
    var start = 0
    while true {
      if buffer.count >= mark.count {
        for index in start...buffer.count - mark.count where buffer[index..<index + mark.count].elementsEqual(mark) {
          return try await take(index + mark.count)
        }
        start = buffer.count - mark.count + 1
      }
      try await fill()
    }
  }

  private mutating func fill() async throws {
    let bytes = try await connection.receive()
    guard !bytes.isEmpty else {
      throw RawConnection.Failure(description: "the connection ended after \(buffer.count) bytes of a response")
    }
    buffer += bytes
  }
}
