/// The head of a response, as it goes out.
struct ResponseHead {
  /// How the client finds the end of the body (RFC 9112 §6.3).
  enum Framing: Equatable {
    /// There is no body, and no field that speaks of one.
    case none
    case length(Int)
    case chunked
    /// The end of the connection, for HTTP/1.0.
    case close
  }

  /// What is said of the connection (RFC 9112 §9.3 and §9.6).
  enum Persistence: Equatable {
    /// It goes on, as HTTP/1.1 has it by itself.
    case implicit
    /// It goes on, as a client of HTTP/1.0 asked.
    case keepAlive
    case close
  }

  let status: Int
  let headers: Headers
  let framing: Framing
  let persistence: Persistence

  /// Appends the head to `output`.
  ///
  /// - Parameter date: the line of `Date`.
  /// - Returns: false, with nothing appended, where a field would not be one field of the response: its name is no
  ///   token, its value has a control character, or the status is none of 200…599.
  func append(to output: inout [UInt8], date: [UInt8]) -> Bool {
    guard 200...599 ~= status else { return false }
    let start = output.count
    StatusLine.append(status, to: &output)
    var hasDate = false
    for (name, value) in headers {
      switch FieldRole(name) {
      case .framing: continue
      case .date: hasDate = true
      case .other: break
      }
      guard Self.append(name, value, to: &output) else {
        output.removeSubrange(start...)
        return false
      }
    }
    if !hasDate { output.append(contentsOf: date) }
    appendFraming(to: &output)
    output.append(contentsOf: [13, 10])
    return true
  }

  /// RFC 9110 §5.5 and §16.3.1: nothing that was put into a value may end the line that it is in.
  private static func append(_ name: String, _ value: String, to output: inout [UInt8]) -> Bool {
    let start = output.count
    output.append(contentsOf: name.utf8)
    guard output.count > start, output[start...].allSatisfy({ ASCII.isIn(.token, $0) }) else { return false }
    output.append(UInt8(ascii: ":"))
    output.append(UInt8(ascii: " "))
    let valueStart = output.count
    output.append(contentsOf: value.utf8)
    guard output[valueStart...].allSatisfy({ !ASCII.isControl($0) }) else { return false }
    output.append(13)
    output.append(10)
    return true
  }

  private func appendFraming(to output: inout [UInt8]) {
    switch framing {
    case .none, .close: break
    case .length(let length):
      output.append(contentsOf: "Content-Length: ".utf8)
      Decimal.append(length, to: &output)
      output.append(13)
      output.append(10)
    case .chunked: output.append(contentsOf: "Transfer-Encoding: chunked\r\n".utf8)
    }
    switch persistence {
    case .implicit: break
    case .keepAlive: output.append(contentsOf: "Connection: keep-alive\r\n".utf8)
    case .close: output.append(contentsOf: "Connection: close\r\n".utf8)
    }
  }
}

/// What the server does with a field that a handler gives.
private enum FieldRole {
  /// The server's own business.
  case framing
  case date
  case other

  init(_ name: String) {
    switch name.utf8.count {
    case 4 where FieldName.areEqual(name, "date"): self = .date
    case 10 where FieldName.areEqual(name, "connection") || FieldName.areEqual(name, "keep-alive"): self = .framing
    case 14 where FieldName.areEqual(name, "content-length"): self = .framing
    case 17 where FieldName.areEqual(name, "transfer-encoding"): self = .framing
    default: self = .other
    }
  }
}

/// Numbers as text.
enum Decimal {
  /// Appends a number that is not negative.
  static func append(_ value: Int, to output: inout [UInt8]) {
    append(UInt(value), radix: 10, to: &output)
  }

  static func append(_ value: UInt, radix: UInt, to output: inout [UInt8]) {
    let start = output.count
    var rest = value
    repeat {
      let digit = UInt8(rest % radix)
      output.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
      rest /= radix
    } while rest > 0
    output[start...].reverse()
  }
}
