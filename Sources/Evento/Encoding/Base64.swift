/// Base64 as RFC 4648 has it: strict, so that each sequence of bytes has one text.
package struct Base64: Sendable {
  /// §4: `+` and `/`, padded with `=`.
  package static let standard = Base64(last: "+/", isPadded: true)
  /// §5: `-` and `_`, without padding.
  package static let url = Base64(last: "-_", isPadded: false)

  private let alphabet: [UInt8]
  private let values: [UInt8]
  private let isPadded: Bool

  private init(last: String, isPadded: Bool) {
    alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789\(last)".utf8)
    var values = [UInt8](repeating: Self.noValue, count: 256)
    for (value, character) in alphabet.enumerated() { values[Int(character)] = UInt8(value) }
    self.values = values
    self.isPadded = isPadded
  }

  package func encode(_ bytes: [UInt8]) -> String {
    String(decoding: encodeBytes(bytes), as: UTF8.self)
  }

  /// The text of a few bytes, without an array in between.
  package func encode(short bytes: UnsafeMutableBufferPointer<UInt8>) -> String {
    String(unsafeUninitializedCapacity: (bytes.count + 2) / 3 * 4) { buffer in
      var count = 0
      alphabet.withUnsafeBufferPointer { alphabet in
        func put(_ bits: UInt32) {
          buffer.initializeElement(at: count, to: alphabet[Int(bits & 63)])
          count += 1
        }
        var index = 0
        while index < bytes.count {
          let left = bytes.count - index
          let group =
            UInt32(bytes[index]) << 16 | (left > 1 ? UInt32(bytes[index + 1]) << 8 : 0)
            | (left > 2 ? UInt32(bytes[index + 2]) : 0)
          put(group >> 18)
          put(group >> 12)
          if left > 1 { put(group >> 6) }
          if left > 2 { put(group) }
          index += 3
        }
        if isPadded {
          while count % 4 != 0 {
            buffer.initializeElement(at: count, to: Self.padding)
            count += 1
          }
        }
      }
      return count
    }
  }

  package func encodeBytes(_ bytes: [UInt8]) -> [UInt8] {
    var text: [UInt8] = []
    text.reserveCapacity((bytes.count + 2) / 3 * 4)
    append(bytes, to: &text)
    return text
  }

  /// Writes the text of the bytes behind what is there.
  package func append(_ bytes: [UInt8], to text: inout [UInt8]) {
    var index = 0
    while index + 3 <= bytes.count {
      let group = UInt32(bytes[index]) << 16 | UInt32(bytes[index + 1]) << 8 | UInt32(bytes[index + 2])
      text.append(alphabet[Int(group >> 18)])
      text.append(alphabet[Int(group >> 12 & 63)])
      text.append(alphabet[Int(group >> 6 & 63)])
      text.append(alphabet[Int(group & 63)])
      index += 3
    }
    switch bytes.count - index {
    case 1:
      let group = UInt32(bytes[index]) << 16
      text.append(alphabet[Int(group >> 18)])
      text.append(alphabet[Int(group >> 12 & 63)])
      if isPadded { text += [Self.padding, Self.padding] }
    case 2:
      let group = UInt32(bytes[index]) << 16 | UInt32(bytes[index + 1]) << 8
      text.append(alphabet[Int(group >> 18)])
      text.append(alphabet[Int(group >> 12 & 63)])
      text.append(alphabet[Int(group >> 6 & 63)])
      if isPadded { text.append(Self.padding) }
    default: break
    }
  }

  /// The bytes of a text, or `nil` where it is not the one text that ``encode(_:)`` gives for some bytes: a foreign
  /// character, wrong padding, or bits left over (RFC 4648 §3.5).
  package func decode(_ text: [UInt8]) -> [UInt8]? {
    var end = text.count
    if isPadded {
      guard end % 4 == 0 else { return nil }
      if end > 0, text[end - 1] == Self.padding { end -= 1 }
      if end % 4 == 3, text[end - 1] == Self.padding { end -= 1 }
    }
    guard end % 4 != 1 else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(end * 3 / 4)
    var group: UInt32 = 0
    var bits = 0
    for index in 0..<end {
      let value = values[Int(text[index])]
      guard value != Self.noValue else { return nil }
      group = group << 6 | UInt32(value)
      bits += 6
      if bits >= 8 {
        bits -= 8
        bytes.append(UInt8(truncatingIfNeeded: group >> UInt32(bits)))
        group &= 1 << UInt32(bits) - 1
      }
    }
    return group == 0 ? bytes : nil
  }

  private static let padding = UInt8(ascii: "=")
  private static let noValue: UInt8 = 0xFF
}
