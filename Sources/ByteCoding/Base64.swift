/// Base64 (RFC 4648), strict: each sequence of bytes has one text.
package enum Base64: Sendable {
  /// §4: `+` and `/`, padded with `=`.
  case standard
  /// §5: `-` and `_`, without padding.
  case url

  /// 64 ASCII characters.
  private var alphabet: StaticString {
    switch self {
    case .standard: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    case .url: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    }
  }

  private var isPadded: Bool { self == .standard }

  private var values: [UInt8] {
    switch self {
    case .standard: Self.standardValues
    case .url: Self.urlValues
    }
  }

  private static let standardValues = Base64.standard.makeValues()
  private static let urlValues = Base64.url.makeValues()

  private func makeValues() -> [UInt8] {
    var values = [UInt8](repeating: Self.noValue, count: 256)
    for value in 0..<64 { values[Int(alphabet.utf8Start[value])] = UInt8(value) }
    return values
  }

  package func encode(_ bytes: [UInt8]) -> String {
    bytes.withUnsafeBytes { bytes in
      String(unsafeUninitializedCapacity: textLength(of: bytes.count)) { text in
        write(bytes, to: UnsafeMutableRawBufferPointer(text))
      }
    }
  }

  /// Returns the length of the text for a number of bytes.
  package func textLength(of count: Int) -> Int {
    isPadded ? (count + 2) / 3 * 4 : (count * 4 + 2) / 3
  }

  /// Writes the text of the bytes.
  ///
  /// - Parameter text: Has room for ``textLength(of:)`` bytes.
  /// - Returns: The length of the text.
  package func write(_ bytes: UnsafeRawBufferPointer, to text: UnsafeMutableRawBufferPointer) -> Int {
    let length = textLength(of: bytes.count)
    precondition(text.count >= length, "base64 needs four characters for three bytes")
    let alphabet = alphabet.utf8Start
    var end = 0
    func character(_ bits: UInt32) -> UInt32 { UInt32(alphabet[Int(bits & 63)]) }
    func put(_ bits: UInt32) {
      text[end] = UInt8(truncatingIfNeeded: character(bits))
      end += 1
    }
    var index = 0
    while index + 3 <= bytes.count {
      let group = UInt32(bytes[index]) << 16 | UInt32(bytes[index + 1]) << 8 | UInt32(bytes[index + 2])
      let characters =
        character(group >> 18) | character(group >> 12) << 8 | character(group >> 6) << 16 | character(group) << 24
      text.storeBytes(of: characters.littleEndian, toByteOffset: end, as: UInt32.self)
      end += 4
      index += 3
    }
    let left = bytes.count - index
    if left > 0 {
      let group = UInt32(bytes[index]) << 16 | (left > 1 ? UInt32(bytes[index + 1]) << 8 : 0)
      put(group >> 18)
      put(group >> 12)
      if left > 1 { put(group >> 6) }
    }
    while end < length {
      text[end] = Self.padding
      end += 1
    }
    return length
  }

  /// Returns the bytes of a text, or `nil` if it is not the text that ``encode(_:)`` returns for them: it has a foreign
  /// character, wrong padding, or unused bits that are not zero (RFC 4648 §3.5).
  package func decode(_ text: [UInt8]) -> [UInt8]? {
    var isValid = false
    let bytes = [UInt8](unsafeUninitializedCapacity: text.count * 3 / 4) { bytes, count in
      guard let length = text.withUnsafeBytes({ decode($0, to: UnsafeMutableRawBufferPointer(bytes)) }) else { return }
      (isValid, count) = (true, length)
    }
    return isValid ? bytes : nil
  }

  /// Writes the bytes of a text, like ``decode(_:)``.
  ///
  /// - Parameter bytes: Has room for three quarters of the text's length.
  /// - Returns: The number of bytes.
  package func decode(_ text: UnsafeRawBufferPointer, to bytes: UnsafeMutableRawBufferPointer) -> Int? {
    var end = text.count
    if isPadded {
      guard end % 4 == 0 else { return nil }
      if end > 0, text[end - 1] == Self.padding { end -= 1 }
      if end % 4 == 3, text[end - 1] == Self.padding { end -= 1 }
    }
    guard end % 4 != 1 else { return nil }
    let values = values
    var count = 0
    var group: UInt32 = 0
    var bits = 0
    for index in 0..<end {
      let value = values[Int(text[index])]
      guard value != Self.noValue else { return nil }
      group = group << 6 | UInt32(value)
      bits += 6
      if bits >= 8 {
        bits -= 8
        bytes[count] = UInt8(truncatingIfNeeded: group >> UInt32(bits))
        count += 1
        group &= 1 << UInt32(bits) - 1
      }
    }
    return group == 0 ? count : nil
  }

  private static let padding = UInt8(ascii: "=")
  private static let noValue: UInt8 = 0xFF
}
