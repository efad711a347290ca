import ByteCoding
import Testing

@Suite struct Base64Tests {
  /// The examples of RFC 4648 §10, and both characters in which the alphabets differ.
  @Test(arguments: [
    ("", "", ""), ("f", "Zg==", "Zg"), ("fo", "Zm8=", "Zm8"), ("foo", "Zm9v", "Zm9v"), ("foob", "Zm9vYg==", "Zm9vYg"),
    ("fooba", "Zm9vYmE=", "Zm9vYmE"), ("foobar", "Zm9vYmFy", "Zm9vYmFy"), ("~~~???", "fn5+Pz8/", "fn5-Pz8_"),
  ])
  func isWrittenAndReadAgain(_ text: String, _ standard: String, _ url: String) {
    let bytes = Array(text.utf8)
    for (encoding, text) in [(Base64.standard, standard), (.url, url)] {
      #expect(encoding.encode(bytes) == text)
      #expect(encoding.textLength(of: bytes.count) == text.utf8.count)
      #expect(encoding.decode(Array(text.utf8)) == bytes)
    }
  }

  @Test func everyByteComesBackAtEachOffset() {
    for byte in UInt8.min ... .max {
      for length in 1...4 {
        for offset in 0..<length {
          var bytes = [UInt8](repeating: 0xA5, count: length)
          bytes[offset] = byte
          #expect(Base64.standard.decode(Array(Base64.standard.encode(bytes).utf8)) == bytes)
          #expect(Base64.url.decode(Array(Base64.url.encode(bytes).utf8)) == bytes)
        }
      }
    }
  }

  /// Each sequence of bytes has one text: no bits left over (RFC 4648 §3.5), no other padding, nothing foreign.
  @Test(arguments: [
    "Zg", "Zg=", "Zg===", "Zh==", "Zm9=", "Zm8", "Zm8==", "Zm9v=", "Zm9v==", "Zm9v====", "Z", "Z===", "=", "==", "====",
    "Z=g=", "=Zg=", "Zg==Zg==", "Zm9v\n", " Zm9v", "Zm-_", "Zm9é", "Zm9\u{0}",
  ])
  func aTextThatIsNotTheOneOfItsBytesIsRefused(_ text: String) {
    #expect(Base64.standard.decode(Array(text.utf8)) == nil)
  }

  @Test(arguments: ["Zg==", "Zh", "Zm9", "Z", "Zm8=", "Zm+/", "Zm9vY", "=", " Zg"])
  func soItIsWithoutPadding(_ text: String) {
    #expect(Base64.url.decode(Array(text.utf8)) == nil)
  }
}
