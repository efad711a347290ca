import ByteCoding
import Testing

@Suite struct ASCIITests {
  @Test func everyByteIsOfItsKinds() {
    for byte in UInt8.min ... .max {
      let isASCII = byte < 0x80
      let character = Character(Unicode.Scalar(byte))
      #expect(ASCII.isDigit(byte) == (isASCII && character.isWholeNumber))
      #expect(ASCII.isBlank(byte) == (byte == 9 || byte == 32))
      #expect(ASCII.hexValue(byte) == (isASCII ? UInt8(String(character), radix: 16) : nil))
      #expect(ASCII.lowercased(byte) == (isASCII ? Array(character.lowercased().utf8)[0] : byte))
    }
  }

  @Test func controlCharactersAreFoundAnywhere() {
    for byte in UInt8.min ... .max {
      let isControl = byte < 32 && byte != 9 || byte == 127
      #expect(ASCII.isControl(byte) == isControl)
      for index in [0, 15, 16, 40] {
        var bytes = [UInt8](repeating: 65, count: 41)
        bytes[index] = byte
        #expect(bytes.withUnsafeBufferPointer(ASCII.hasControl) == isControl)
      }
    }
  }
}

@Suite struct HexTests {
  @Test func everyByteComesBack() {
    let bytes = Array(UInt8.min ... .max)
    let text = Hex.encode(bytes)
    #expect(text.hasPrefix("000102030405060708090a0b") && text.hasSuffix("f9fafbfcfdfeff"))
    #expect(Hex.decode(text.utf8) == bytes)
    #expect(Hex.decode(text.uppercased().utf8) == bytes)
    #expect(Hex.encode([]) == "" && Hex.decode([]) == [])
  }

  @Test(arguments: ["0", "000", "0g", "g0", " 0", "0x", "-1", "+1", "é", "٠٠", "0\u{0}"])
  func anythingElseIsRefused(_ text: String) {
    #expect(Hex.decode(text.utf8) == nil)
  }
}
