import ByteCoding
import Testing

@Suite struct PercentEncodingTests {
  @Test func decodesOnce() throws {
    #expect(try PercentEncoding.decode("a%2Fb%252F%C3%A9+") == "a/b%2F\u{E9}+")
    #expect(try PercentEncoding.decode(Array("a+%2B".utf8)[...], plusIsSpace: true) == "a +")
    for bad in ["%", "%2", "%zz", "%FF%"] {
      #expect(throws: PercentEncoding.ParseError.badEscape) { try PercentEncoding.decode(bad) }
    }
    for bad in ["%FF", "%C3", "%ED%A0%80", "%C0%80"] {
      #expect(throws: PercentEncoding.ParseError.notUTF8) { try PercentEncoding.decode(bad) }
    }
  }

  /// RFC 3986 §2.3: a text is as it was once it is decoded, and has nothing in between that a path or a query could split.
  @Test func encodesAllButUnreservedCharacters() throws {
    var encoded = "/"
    PercentEncoding.encode("aZ09-._~", into: &encoded)
    #expect(encoded == "/aZ09-._~")
    let text = String(String.UnicodeScalarView((0..<0x180).compactMap(Unicode.Scalar.init))) + "\u{1F600}"
    encoded = ""
    PercentEncoding.encode(text, into: &encoded)
    #expect(encoded.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && !"/?#&=+:".utf8.contains($0) })
    #expect(encoded.hasPrefix("%00%01") && encoded.hasSuffix("%F0%9F%98%80"))
    #expect(try PercentEncoding.decode(encoded) == text)
  }
}
