@testable internal import HTTPServer

/// A request as it was read, in a form that can be compared and written anew.
struct ReadRequest: Equatable {
  var head: ReadHead
  var body: [UInt8] = []
  var isComplete: Bool

  init(_ head: RequestHead) {
    self.head = ReadHead(head)
    isComplete = !head.framing.hasBody
  }

  /// The request as bytes, its body in two chunks where it came in chunks.
  var written: [UInt8] {
    var bytes = head.written
    guard head.isChunked else { return bytes + body }
    for chunk in [body.prefix(body.count / 2), body.dropFirst(body.count / 2)] where !chunk.isEmpty {
      bytes += Array("\(String(chunk.count, radix: 16))\r\n".utf8) + chunk + Array("\r\n".utf8)
    }
    return bytes + Array("0\r\n\r\n".utf8)
  }
}

struct ReadHead: Equatable {
  var method: String
  var path: String
  var query: String?
  var version: HTTPVersion
  var fields: [[String]]
  var host: String?
  var declaredLength: Int?
  var isChunked: Bool
  var expectsContinue: Bool
  var wantsKeepAlive: Bool

  init(_ head: RequestHead) {
    method = head.method
    path = head.path
    query = head.query
    version = head.version
    fields = head.headers.map { [$0.name, $0.value] }
    host = head.host
    declaredLength = head.framing.declaredLength
    isChunked = head.framing.isChunked
    expectsContinue = head.framing.expectsContinue
    wantsKeepAlive = head.framing.wantsKeepAlive
  }

  func values(of name: String) -> [String] {
    fields.filter { $0[0].lowercased() == name }.map { $0[1] }
  }

  /// The head as bytes, its target in absolute form where its authority is not that of `Host`.
  var written: [UInt8] {
    var target = path
    if let host, values(of: "host").first != host { target = "http://\(host)\(path == "*" ? "" : path)" }
    if let query { target += "?\(query)" }
    var bytes = Array("\(method) \(target) HTTP/1.\(version == .oneDotOne ? 1 : 0)\r\n".utf8)
    for field in fields { bytes += Array(field[0].utf8) + [0x3A] + Array(field[1].utf8) + [0x0D, 0x0A] }
    return bytes + [0x0D, 0x0A]
  }

  /// What the handlers count on.
  func checkRules() {
    expect(method.utf8.allSatisfy(isTokenByte) && !method.isEmpty, "the method is \(method)")
    expect(path == "*" ? method == "OPTIONS" && query == nil : path.utf8.first == 0x2F, "the path is \(path)")
    for text in [path, query ?? ""] {
      expect(text.utf8.allSatisfy { 0x21...0x7E ~= $0 && $0 != 0x22 && $0 != 0x23 }, "the target has \(text)")
    }
    expect(fields.count <= limits.headerFields, "\(fields.count) fields")
    for field in fields {
      expect(field[0].utf8.allSatisfy(isTokenByte) && !field[0].isEmpty, "a field is called \(field[0])")
      let value = Array(field[1].utf8)
      expect(value.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }, "the value of \(field[0]) is \(value)")
      expect(![0x20, 0x09].contains(value.first) && ![0x20, 0x09].contains(value.last), "\(field[0]): \(value)")
    }
    // RFC 9112 §3.2.
    expect(values(of: "host").count <= 1 && (version == .oneDotZero || host?.isEmpty == false), "\(self)")
    // RFC 9112 §6.1 and §6.3.
    let (lengths, codings) = (values(of: "content-length"), values(of: "transfer-encoding"))
    expect(lengths.count + codings.count <= 1, "\(self)")
    expectEqual(lengths.first.map { Int($0) ?? .max }, declaredLength, "the declared length")
    expectEqual(codings.first?.lowercased(), isChunked ? "chunked" : nil, "the coding")
  }
}

private func isTokenByte(_ byte: UInt8) -> Bool {
  Unicode.Scalar(byte).properties.isAlphabetic && byte < 0x80 || 0x30...0x39 ~= byte
    || "!#$%&'*+-.^_`|~".utf8.contains(byte)
}
