internal import ByteCoding

/// One line of a header or trailer section (RFC 9112 §5): `field-name ":" OWS field-value OWS`.
struct FieldLine {
  let name: Range<Int>
  let value: Range<Int>

  /// - Parameter line: The line without its end. The line reader has rejected all control characters except HTAB.
  init(_ input: Span<UInt8>, _ line: Range<Int>) throws(HTTPProtocolError) {
    // RFC 9112 §5.2: obsolete folding is refused. §2.2: so is a blank before the first field.
    guard !ASCII.isBlank(input[line.lowerBound]) else {
      throw HTTPProtocolError(
        .badRequest, "A field line begins with a space or a tab: folded lines are not accepted (RFC 9112 §5.2).")
    }
    guard let colon = input.firstIndex(of: UInt8(ascii: ":"), in: line) else {
      throw HTTPProtocolError(.badRequest, "A field line has no colon: \(input.quoted(line)).")
    }
    name = line.lowerBound..<colon
    // RFC 9112 §5.1: no blank between name and colon, which has been used to smuggle requests.
    guard !name.isEmpty, input.allSatisfy(in: name, { ByteSet.token.contains($0) }) else {
      throw HTTPProtocolError(
        .badRequest, "A field name must be a token directly followed by a colon, but is \(input.quoted(name)).")
    }
    value = input.trimmed(colon + 1..<line.upperBound)
  }
}
