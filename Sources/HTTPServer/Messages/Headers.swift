internal import ByteCoding

/// The fields of a message, in the order in which they are received or sent.
///
/// Names are compared without case (RFC 9110 §5.1). A look-up takes time in proportion to the number of fields, which
/// the server limits.
package struct Headers: Sendable {
  /// One field line.
  package typealias Field = (name: String, value: String)

  /// The indices of a field's name and value in `bytes`.
  private struct Line: Sendable {
    var name: Range<UInt32>
    var value: Range<UInt32>
  }

  /// The field lines as in a message, one after the other: received ones are copied and not split, and those to send
  /// are ready.
  private(set) var bytes: [UInt8] = []
  private var lines: [Line] = []
  /// True if all of them can be sent: names are tokens, and values have no control characters.
  private(set) var canBeSent = true
  /// True if one of them may be a field that the server sets itself.
  private(set) var mayHaveServerFields = false

  /// Creates fields in the order given; a name can occur several times.
  package init(_ fields: [(String, String)] = []) {
    guard !fields.isEmpty else { return }
    // Capacity for another field, which is often added later.
    bytes.reserveCapacity(fields.reduce(64) { $0 + $1.0.utf8.count + $1.1.utf8.count + 4 })
    lines.reserveCapacity(fields.count + 1)
    for (name, value) in fields { append(name, value) }
  }

  /// The value of the first field of that name.
  package subscript(name: String) -> String? {
    lines.first { isNamed($0, name) }.map { text($0.value) }
  }

  /// The values of all fields of that name, in order.
  package func values(of name: String) -> [String] {
    lines.filter { isNamed($0, name) }.map { text($0.value) }
  }

  /// Returns true if there is one field of that name, with exactly this value.
  package func hasOnly(_ name: String, _ value: String) -> Bool {
    var found = false
    for line in lines where isNamed(line, name) {
      guard !found, bytes[indices(line.value)].elementsEqual(value.utf8) else { return false }
      found = true
    }
    return found
  }

  /// Appends a field line.
  package mutating func append(_ name: String, _ value: String) {
    append(name, appendingValue: { $0.append(contentsOf: value.utf8) })
  }

  /// Appends a field line.
  ///
  /// - Parameter appendValue: Appends the value to the bytes of all lines, and does not change the existing ones.
  package mutating func append(_ name: String, appendingValue appendValue: (inout [UInt8]) -> Void) {
    let nameStart = UInt32(bytes.count)
    bytes.append(contentsOf: name.utf8)
    let nameEnd = UInt32(bytes.count)
    bytes.append(UInt8(ascii: ":"))
    bytes.append(UInt8(ascii: " "))
    appendValue(&bytes)
    let end = UInt32(bytes.count)
    bytes.append(UInt8(ascii: "\r"))
    bytes.append(UInt8(ascii: "\n"))
    let line = Line(name: nameStart..<nameEnd, value: nameEnd + 2..<end)
    lines.append(line)
    canBeSent = canBeSent && isSendable(line)
    mayHaveServerFields = mayHaveServerFields || ServerField.mayHaveLength(line.name.count)
  }

  /// Reserves capacity for field lines.
  package mutating func reserve(bytes byteCount: Int, fields fieldCount: Int) {
    bytes.reserveCapacity(byteCount)
    lines.reserveCapacity(fieldCount)
  }

  /// Appends a received line.
  mutating func append(_ line: FieldLine, _ input: Span<UInt8>) {
    let base = bytes.count - line.name.lowerBound
    func moved(_ range: Range<Int>) -> Range<UInt32> {
      UInt32(base + range.lowerBound)..<UInt32(base + range.upperBound)
    }
    input.extracting(line.name.lowerBound..<line.value.upperBound).withUnsafeBufferPointer { line in
      bytes.append(contentsOf: line)
    }
    lines.append(Line(name: moved(line.name), value: moved(line.value)))
  }

  /// RFC 9110 §5.1 and §5.5: no content of a field may end its line.
  private func isSendable(_ line: Line) -> Bool {
    guard !line.name.isEmpty else { return false }
    return bytes.withUnsafeBufferPointer { bytes in
      bytes[indices(line.name)].allSatisfy { ByteSet.token.contains($0) }
        && !ASCII.hasControl(UnsafeBufferPointer(rebasing: bytes[indices(line.value)]))
    }
  }

  private func isNamed(_ line: Line, _ name: String) -> Bool {
    let name = name.utf8
    guard line.name.count == name.count else { return false }
    var index = Int(line.name.lowerBound)
    for byte in name {
      guard ASCII.lowercased(bytes[index]) == ASCII.lowercased(byte) else { return false }
      index += 1
    }
    return true
  }

  private func indices(_ range: Range<UInt32>) -> Range<Int> {
    Int(range.lowerBound)..<Int(range.upperBound)
  }

  private func text(_ range: Range<UInt32>) -> String {
    bytes.span.text(indices(range))
  }
}

extension Headers: RandomAccessCollection {
  package var startIndex: Int { 0 }
  package var endIndex: Int { lines.count }
  package subscript(position: Int) -> Field {
    (text(lines[position].name), text(lines[position].value))
  }
}
