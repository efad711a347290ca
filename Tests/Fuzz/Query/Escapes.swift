internal import Foundation

extension String {
  /// The pieces between the separators, byte by byte: a separator with a combining mark behind it is one all the same.
  func pieces(_ separator: Unicode.Scalar) -> [String] {
    unicodeScalars.split(separator: separator, omittingEmptySubsequences: false).map { String($0) }
  }

  /// What percent-encoded text (RFC 3986 §2.1) stands for.
  var withoutEscapes: String? {
    let pieces = pieces("%")
    var bytes = Array(pieces[0].utf8)
    for piece in pieces.dropFirst() {
      let digits = piece.unicodeScalars.prefix(2)
      guard digits.count == 2, digits.allSatisfy(CharacterSet(charactersIn: "0123456789abcdefABCDEF").contains),
        let byte = UInt8(String(digits), radix: 16)
      else { return nil }
      bytes += [byte] + piece.utf8.dropFirst(2)
    }
    return String(validating: bytes, as: UTF8.self)
  }

  /// Each byte as an escape.
  var escaped: String {
    utf8.map { ($0 < 16 ? "%0" : "%") + String($0, radix: 16) }.joined()
  }
}

func expectExactly(_ left: String?, _ right: String?, _ message: @autoclosure () -> String) {
  expect(
    left.map { Array($0.utf8) } == right.map { Array($0.utf8) },
    "\(message()): \(left.debugDescription), \(right.debugDescription)")
}
