import ByteCoding
import Testing

@testable import HTTPServer

@Suite struct ValueTests {
  private static let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

  @Test(arguments: [
    (ByteSet.token, "!#$%&'*+-.^_`|~"), (.path, "-._~!$&'()*+,;=:@/%[]|"), (.query, "-._~!$&'()*+,;=:@/%[]|?{}\\^`"),
    (.host, "-._~!$&'()*+,;="),
  ])
  func holdsItsCharacters(_ set: ByteSet, _ characters: String) {
    let wanted = Set((Self.letters + characters).utf8)
    for byte in UInt8.min ... .max { #expect(set.contains(byte) == wanted.contains(byte), "\(byte)") }
  }

  /// One field, with the very value: neither another, nor a second one, nor one that differs in its case.
  @Test func knowsAFieldThatStandsAlone() {
    let fields = Headers([("A", "x"), ("b", "application/json"), ("Twice", "x"), ("twice", "x")])
    #expect(fields.hasOnly("B", "application/json") && fields.hasOnly("a", "x"))
    for (name, value) in [("a", "X"), ("a", ""), ("a", "x "), ("twice", "x"), ("c", "x"), ("b", "application/jso")] {
      #expect(!fields.hasOnly(name, value), "\(name): \(value)")
    }
  }

  @Test(arguments: [
    (0, "Thu, 01 Jan 1970 00:00:00 GMT"), (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
    (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"), (4_107_542_399, "Sun, 28 Feb 2100 23:59:59 GMT"),
    (1_735_689_599, "Tue, 31 Dec 2024 23:59:59 GMT"), (-1, "Thu, 01 Jan 1970 00:00:00 GMT"),
    (253_402_300_799, "Fri, 31 Dec 9999 23:59:59 GMT"), (253_402_300_800, "Fri, 31 Dec 9999 23:59:59 GMT"),
    (.min, "Thu, 01 Jan 1970 00:00:00 GMT"), (.max, "Fri, 31 Dec 9999 23:59:59 GMT"),
  ])
  func writesDates(_ second: Int, _ text: String) {
    #expect(DateField.text(second: second) == text)
  }

  @Test(arguments: [
    (PeerAddress.ipv4(0xC000_0201, port: 80), "192.0.2.1:80"), (.ipv6(0, 1, port: 8080), "[::1]:8080"),
    (.ipv6(0, 0, port: 1), "[::]:1"), (.ipv6(0x2001_0DB8_0000_0000, 1, port: 2), "[2001:db8::1]:2"),
    (.ipv6(0x2001_0DB8_0000_0001, 0x0001_0001_0001_0001, port: 2), "[2001:db8:0:1:1:1:1:1]:2"),
    (.ipv6(0x0001_0000_0000_0001, 0x0000_0000_0000_0001, port: 2), "[1:0:0:1::1]:2"), (.unix, "unix"),
  ])
  func writesAddresses(_ address: PeerAddress, _ text: String) {
    #expect(address.description == text)
  }

  @Test func splitsQueries() throws {
    let pairs = try QueryString.pairs("a=1&b=x+y%26&c&d=e=f&a=")
    #expect(pairs.map(\.name) == ["a", "b", "c", "d", "a"])
    #expect(pairs.map(\.value) == ["1", "x y&", "", "e=f", ""])
    #expect(try QueryString.pairs("").isEmpty)
    let marked = try QueryString.pairs("a=\u{301}&\u{301}=b")
    #expect(marked.map(\.name) == ["a", "\u{301}"] && marked.map(\.value) == ["\u{301}", "b"])
    for bad in ["&", "a&", "&a", "a&&b"] {
      #expect(throws: QueryString.ParseError.emptyPart) { try QueryString.pairs(bad) }
    }
    #expect(throws: QueryString.ParseError.noName) { try QueryString.pairs("b&=a") }
    #expect(try QueryString.pairs("a&b&c", atMost: 3).count == 3)
    // Counted before anything is decoded.
    #expect(throws: QueryString.ParseError.tooMany) { try QueryString.pairs("%&b&c&d", atMost: 3) }
    #expect(throws: QueryString.ParseError.name(.notUTF8)) { try QueryString.pairs("%FF=a") }
    #expect(throws: QueryString.ParseError.value(of: "a b", .badEscape)) { try QueryString.pairs("a+b=%") }
  }
}
