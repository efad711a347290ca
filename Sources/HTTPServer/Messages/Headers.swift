internal import ByteCoding

/// The fields of a message in the order in which they came or will go.
///
/// Names are compared without regard to case (RFC 9110 §5.1). Looking one up takes time in proportion to the number of
/// fields, which the server bounds.
package struct Headers: Sendable {
  /// One field line.
  package typealias Field = (name: String, value: String)

  /// Where a field stands in `bytes`.
  private struct Place: Sendable {
    var name: Range<UInt32>
    var value: Range<UInt32>
  }

  /// The field lines as a message has them, one after the other: what comes is copied and not taken apart, and what
  /// goes is ready.
  private(set) var bytes: [UInt8] = []
  private var places: [Place] = []
  /// Whether all of them can be sent: names that are tokens, values without control characters.
  private(set) var canBeSent = true
  /// Whether one of them may be one that the server looks after itself.
  private(set) var mayHaveServerFields = false

  /// Fields in the order given; a name may come several times.
  package init(_ fields: [(String, String)] = []) {
    guard !fields.isEmpty else { return }
    // Room for one field more, which is often added later.
    bytes.reserveCapacity(fields.reduce(64) { $0 + $1.0.utf8.count + $1.1.utf8.count + 4 })
    places.reserveCapacity(fields.count + 1)
    for (name, value) in fields { append(name, value) }
  }

  /// The value of the first field of that name.
  package subscript(name: String) -> String? {
    places.first { isNamed($0, name) }.map { text($0.value) }
  }

  /// The values of all fields of that name, in order.
  package func values(of name: String) -> [String] {
    places.filter { isNamed($0, name) }.map { text($0.value) }
  }

  /// Whether there is one field of that name, with exactly this value.
  package func hasOnly(_ name: String, _ value: String) -> Bool {
    var found = false
    for place in places where isNamed(place, name) {
      guard !found, bytes[indices(place.value)].elementsEqual(value.utf8) else { return false }
      found = true
    }
    return found
  }

  /// Adds a field line after the others.
  package mutating func append(_ name: String, _ value: String) {
    append(name, appendingValue: { $0.append(contentsOf: value.utf8) })
  }

  /// Adds a field line after the others.
  ///
  /// - Parameter appendValue: appends the value to the bytes of all lines, and leaves those that are there as they are.
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
    let place = Place(name: nameStart..<nameEnd, value: nameEnd + 2..<end)
    places.append(place)
    canBeSent = canBeSent && isSendable(place)
    mayHaveServerFields = mayHaveServerFields || ServerField.mayHaveLength(place.name.count)
  }

  /// Makes room for field lines.
  package mutating func reserve(bytes byteCount: Int, fields fieldCount: Int) {
    bytes.reserveCapacity(byteCount)
    places.reserveCapacity(fieldCount)
  }

  /// Adds a line that has come.
  mutating func append(_ line: FieldLine, _ input: Span<UInt8>) {
    let base = bytes.count - line.name.lowerBound
    func moved(_ range: Range<Int>) -> Range<UInt32> {
      UInt32(base + range.lowerBound)..<UInt32(base + range.upperBound)
    }
    input.extracting(line.name.lowerBound..<line.value.upperBound).withUnsafeBufferPointer { line in
      bytes.append(contentsOf: line)
    }
    places.append(Place(name: moved(line.name), value: moved(line.value)))
  }

  /// RFC 9110 §5.1 and §5.5: nothing that was put into a field may end the line that it is in.
  private func isSendable(_ place: Place) -> Bool {
    guard !place.name.isEmpty else { return false }
    return bytes.withUnsafeBufferPointer { bytes in
      bytes[indices(place.name)].allSatisfy { ByteSet.token.contains($0) }
        && !ASCII.hasControl(UnsafeBufferPointer(rebasing: bytes[indices(place.value)]))
    }
  }

  private func isNamed(_ place: Place, _ name: String) -> Bool {
    let name = name.utf8
    guard place.name.count == name.count else { return false }
    var index = Int(place.name.lowerBound)
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
  package var endIndex: Int { places.count }
  package subscript(position: Int) -> Field {
    (text(places[position].name), text(places[position].value))
  }
}

extension Headers: ExpressibleByDictionaryLiteral {
  package init(dictionaryLiteral elements: (String, String)...) {
    self.init(elements)
  }
}
