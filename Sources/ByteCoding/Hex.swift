/// Bytes as hexadecimal digits (RFC 4648 §8).
package enum Hex {
  /// Returns the lower-case digit of a value below 16.
  package static func digit(_ value: UInt8) -> UInt8 {
    (value < 10 ? UInt8(ascii: "0") : UInt8(ascii: "a") - 10) + value
  }

  /// Returns the lower-case digits of the bytes, two for each.
  package static func encode(_ bytes: some Sequence<UInt8>) -> String {
    String(decoding: bytes.flatMap { [digit($0 >> 4), digit($0 & 15)] }, as: UTF8.self)
  }

  /// Returns the bytes of digits in either case, or `nil` for other characters or an odd number of digits.
  package static func decode(_ text: some Sequence<UInt8>) -> [UInt8]? {
    let digits = text.map { ASCII.hexValue($0) }
    guard digits.count % 2 == 0 else { return nil }
    var bytes: [UInt8] = []
    for index in stride(from: 0, to: digits.count, by: 2) {
      guard let high = digits[index], let low = digits[index + 1] else { return nil }
      bytes.append(high << 4 | low)
    }
    return bytes
  }
}
