internal import Evento
internal import HTTPServer

/// What a proxy in front of the gateway says of the client, where its word is taken.
struct Forwarding: Sendable {
  let trusted: [AddressRange]

  /// Who sent a request, and by which scheme, as far as can be known.
  struct Client: Sendable {
    /// An address without a port, `unix`, or what a proxy gives in the place of an address.
    var address: String
    /// `http` or `https`.
    var scheme: String
  }

  /// The client of a request: the connection's other end, unless that is a proxy whose word is taken. Then the last
  /// address in the list that is no such proxy: what stands further ahead, anybody may have written.
  func client(of head: RequestHead) -> Client {
    var client = Client(address: head.peer.host, scheme: "http")
    guard isTrusted(head.peer) else { return client }
    for hop in hops(head.headers).reversed() {
      client.address = hop.address ?? client.address
      client.scheme = hop.scheme ?? client.scheme
      guard let address = hop.address.flatMap({ PeerAddress(ip: $0) }), isTrusted(address) else { break }
    }
    return client
  }

  private func isTrusted(_ peer: PeerAddress) -> Bool {
    trusted.contains { $0.contains(peer) }
  }

  private struct Hop {
    var address: String?
    var scheme: String?
  }

  /// `Forwarded` (RFC 7239) where there is one, else the usual `X-Forwarded-For` and `X-Forwarded-Proto`.
  private func hops(_ headers: Headers) -> [Hop] {
    let standard = elements(headers.values(of: "forwarded"))
    if !standard.isEmpty { return standard.map(Self.hop) }
    let schemes = elements(headers.values(of: "x-forwarded-proto")).map(Self.scheme)
    let addresses = elements(headers.values(of: "x-forwarded-for"))
    guard !addresses.isEmpty else { return schemes.last.map { [Hop(scheme: $0)] } ?? [] }
    return addresses.map { Hop(address: Self.address($0), scheme: schemes.last ?? nil) }
  }

  private func elements(_ values: [String]) -> [String] {
    values.flatMap { $0.split(separator: ",") }.map { String(Self.trimmed($0)) }
  }

  private static func trimmed(_ text: Substring) -> Substring {
    let start = text.drop { $0 == " " || $0 == "\t" }
    return start.lastIndex { $0 != " " && $0 != "\t" }.map { start[...$0] } ?? start[..<start.startIndex]
  }

  /// `for=192.0.2.60;proto=https`, in any order, quoted or not (RFC 7239 §4).
  private static func hop(_ element: String) -> Hop {
    var hop = Hop()
    for pair in element.split(separator: ";") {
      let halves = pair.split(separator: "=", maxSplits: 1)
      guard halves.count == 2 else { continue }
      let value = trimmed(halves[1]).filter { $0 != "\"" }
      switch trimmed(halves[0]).lowercased() {
      case "for": hop.address = address(value)
      case "proto": hop.scheme = scheme(value)
      default: break
      }
    }
    return hop
  }

  private static func scheme(_ text: String) -> String? {
    let text = text.lowercased()
    return text == "http" || text == "https" ? text : nil
  }

  /// Without a port and brackets (RFC 7239 §6).
  private static func address(_ text: String) -> String? {
    if text.hasPrefix("["), let end = text.firstIndex(of: "]") {
      return address(String(text[text.index(after: text.startIndex)..<end]))
    }
    if PeerAddress(ip: text) != nil { return text }
    if let colon = text.lastIndex(of: ":"), PeerAddress(ip: String(text[..<colon])) != nil {
      return String(text[..<colon])
    }
    // `unknown`, or a name that hides the address (§6.2, §6.3): for the log, short and harmless.
    let isPlain = text.utf8.allSatisfy { byte in
      UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte || UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte
        || UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte || "._-".utf8.contains(byte)
    }
    return isPlain && 1...64 ~= text.utf8.count ? text : nil
  }
}
