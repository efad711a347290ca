import Testing

@testable import EventoGateway
@testable import HTTPServer

/// The client of a request, as trusted proxies report it.
@Suite struct TrustedProxiesTests {
  private static let proxy = PeerAddress.ipv4(0x0A00_0001, port: 4000)
  private let proxies = TrustedProxies(
    addresses: ["10.0.0.0/8", "unix", "2001:db8::/32"].compactMap { AddressRange($0) })

  private func client(_ fields: [(String, String)], from peer: PeerAddress = proxy) -> (String, String) {
    let line = RequestLine(method: "GET", path: "/", version: .oneDotOne)
    let client = proxies.client(
      of: RequestHead(line: line, headers: Headers(fields), peer: peer, framing: Framing()))
    return (client.address, client.scheme)
  }

  @Test func believesOnlyTrustedProxies() {
    let fields = [
      ("X-Forwarded-For", "192.0.2.9"), ("X-Forwarded-Proto", "https"), ("Forwarded", "for=192.0.2.8;proto=https"),
    ]
    #expect(client(fields, from: .ipv4(0xC000_0201, port: 1)) == ("192.0.2.1", "http"))
    #expect(client([]) == ("10.0.0.1", "http"))
  }

  @Test func takesTheLastAddressThatIsNoProxy() {
    #expect(client([("X-Forwarded-For", "192.0.2.9")]) == ("192.0.2.9", "http"))
    #expect(client([("X-Forwarded-For", "203.0.113.7, 192.0.2.9, 10.1.1.1")], from: .unix) == ("192.0.2.9", "http"))
    #expect(client([("X-Forwarded-For", "203.0.113.7"), ("X-Forwarded-For", "192.0.2.9")]) == ("192.0.2.9", "http"))
    #expect(client([("X-Forwarded-For", "10.2.2.2, 10.3.3.3")]) == ("10.2.2.2", "http"))
    #expect(client([("X-Forwarded-For", "192.0.2.9"), ("X-Forwarded-Proto", "https")]) == ("192.0.2.9", "https"))
    #expect(client([("X-Forwarded-Proto", "https")]) == ("10.0.0.1", "https"))
    #expect(client([("X-Forwarded-Proto", "gopher")]) == ("10.0.0.1", "http"))
  }

  /// The fields may have thousands of addresses of trusted proxies.
  @Test func followsSoManyHops() {
    let proxies = (1...40).map { "10.0.0.\($0)" }
    let list = proxies.joined(separator: ", ")
    #expect(client([("X-Forwarded-For", "192.0.2.9, " + list)]) == ("10.0.0.25", "http"))
    #expect(client([("Forwarded", proxies.map { "for=\($0);proto=https" }.joined(separator: ","))]).0 == "10.0.0.25")
    #expect(client(proxies.map { ("X-Forwarded-For", $0) }).0 == "10.0.0.25")
    let few = proxies.suffix(15).joined(separator: ",")
    #expect(client([("X-Forwarded-For", "192.0.2.8, 192.0.2.9,\(few)")]).0 == "192.0.2.9")
    // One that is too long to be any says nothing, and those ahead of it don't count.
    let long = String(repeating: "a=b;", count: 8000)
    #expect(client([("Forwarded", "for=192.0.2.9, \(long)for=10.0.0.7")]) == ("10.0.0.1", "http"))
  }

  @Test func passesOverEmptyElements() {
    let commas = String(repeating: " ,", count: 10_000)
    #expect(client([("X-Forwarded-For", "192.0.2.9\(commas)"), ("X-Forwarded-For", ",")]).0 == "192.0.2.9")
    #expect(client([("Forwarded", commas), ("X-Forwarded-For", "192.0.2.9")]).0 == "192.0.2.9")
    #expect(client([("X-Forwarded-Proto", "http, HTTPS ,, ")]) == ("10.0.0.1", "https"))
    #expect(client([("Forwarded", "for=\"[[2001:db9::1]]\"")]).0 == "10.0.0.1")
  }

  @Test func readsTheStandardField() {
    #expect(client([("Forwarded", "for=192.0.2.9;proto=https;by=10.0.0.1")]) == ("192.0.2.9", "https"))
    #expect(client([("Forwarded", "For=\"[2001:db9::17]:4711\"")]) == ("2001:db9::17", "http"))
    #expect(client([("Forwarded", "for=192.0.2.9:80, for=10.9.9.9")]) == ("192.0.2.9", "http"))
    #expect(client([("Forwarded", "for=unknown"), ("X-Forwarded-For", "192.0.2.9")]) == ("unknown", "http"))
    #expect(client([("Forwarded", "for=_hidden, for=10.9.9.9")]) == ("_hidden", "http"))
  }

  @Test(arguments: [
    "\u{1B}[31m", "a b", "<script>", String(repeating: "x", count: 65), ",,,", ";;", "for", "for=", "for=\"\"",
  ])
  func isNotDeceivedByNonsense(_ text: String) {
    for name in ["Forwarded", "X-Forwarded-For"] {
      let address = client([(name, name == "Forwarded" ? "for=\(text)" : text)]).0
      #expect(address == "10.0.0.1" || address.utf8.allSatisfy { 0x21...0x7E ~= $0 } && address.utf8.count <= 64)
      #expect(!address.contains("<") && !address.contains(" "))
    }
  }

  @Test(arguments: [
    ("10.0.0.0/8", "10.255.0.1", true), ("10.0.0.0/8", "11.0.0.1", false), ("192.0.2.1", "192.0.2.1", true),
    ("192.0.2.1", "192.0.2.2", false), ("0.0.0.0/0", "192.0.2.2", true), ("0.0.0.0/0", "2001:db8::1", false),
    ("192.0.2.128/25", "192.0.2.127", false), ("192.0.2.128/25", "192.0.2.200", true),
    ("2001:db8::/32", "2001:db8:ffff::1", true),
    ("2001:db8::/33", "2001:db8:8000::1", false), ("::1", "::1", true), ("::ffff:10.0.0.1", "10.0.0.1", true),
  ])
  func knowsARange(_ range: String, _ address: String, _ isIn: Bool) throws {
    let range = try #require(AddressRange(range))
    #expect(range.contains(try #require(PeerAddress(ip: address))) == isIn)
  }

  @Test(arguments: [
    "", "10", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/+8", "::/129", "localhost", "10.0.0.0/8/8", "Unix",
  ])
  func refusesOtherRanges(_ text: String) {
    #expect(AddressRange(text) == nil)
  }
}
