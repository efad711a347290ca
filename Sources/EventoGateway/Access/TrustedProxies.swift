internal import Evento
internal import HTTPServer

/// The proxies in front of the gateway that are trusted to report the client of a request.
struct TrustedProxies: Sendable {
  let addresses: [AddressRange]

  /// The sender of a request, and its scheme, as far as they can be determined.
  struct Client: Sendable {
    /// An address without a port, `unix`, or the text that a proxy sends instead of an address.
    var address: String
    /// `http` or `https`.
    var scheme: String
  }

  /// The maximum number of hops that are read. The fields may have thousands, all of them addresses of trusted proxies.
  private static let maximumHops = 16
  /// The maximum size of a hop that is read, in bytes: names of hosts have at most 255.
  private static let maximumHopLength = 1024

  /// Returns the client of a request: the other end of the connection, unless that is a trusted proxy. Then it is the
  /// last address in the list that is not such a proxy, because any client can have written the ones before it.
  func client(of head: RequestHead) -> Client {
    var client = Client(address: head.peer.host, scheme: "http")
    guard isTrusted(head.peer) else { return client }
    var hops = Hops(head.headers)
    for _ in 0..<Self.maximumHops {
      guard let hop = hops.next() else { break }
      client.address = hop.address ?? client.address
      client.scheme = hop.scheme ?? client.scheme
      guard let address = hop.address.flatMap({ PeerAddress(ip: $0) }), isTrusted(address) else { break }
    }
    return client
  }

  private func isTrusted(_ peer: PeerAddress) -> Bool {
    addresses.contains { $0.contains(peer) }
  }

  private struct Hop {
    var address: String?
    var scheme: String?
  }

  /// The hops that proxies have recorded, the last one first: `Forwarded` (RFC 7239) if present, otherwise the common
  /// `X-Forwarded-For` and `X-Forwarded-Proto`.
  private struct Hops {
    private enum Form {
      case standard
      case usual(scheme: String?)
    }

    private var elements: Elements
    /// The last element, which was read to find out if there is any.
    private var first: ArraySlice<UInt8>?
    private let form: Form
    /// The scheme from `X-Forwarded-Proto`.
    private var schemeAlone: String?

    init(_ headers: Headers) {
      elements = Elements(headers.values(of: "forwarded"))
      first = elements.next()
      guard first == nil else {
        form = .standard
        return
      }
      var schemes = Elements(headers.values(of: "x-forwarded-proto"))
      let scheme = schemes.next().flatMap(TrustedProxies.scheme)
      elements = Elements(headers.values(of: "x-forwarded-for"))
      first = elements.next()
      form = .usual(scheme: scheme)
      if first == nil { schemeAlone = scheme }
    }

    mutating func next() -> Hop? {
      if let scheme = schemeAlone {
        schemeAlone = nil
        return Hop(scheme: scheme)
      }
      guard let element = first ?? elements.next() else { return nil }
      first = nil
      guard element.count <= TrustedProxies.maximumHopLength else { return Hop() }
      switch form {
      case .standard: return TrustedProxies.hop(element)
      case .usual(let scheme): return Hop(address: TrustedProxies.address(element), scheme: scheme)
      }
    }
  }

  /// The elements of a list over several field lines (RFC 9110 §5.6.1), the last one first, without empty ones.
  private struct Elements {
    private var values: [String]
    private var rest: ArraySlice<UInt8> = []

    init(_ values: [String]) {
      self.values = values
    }

    mutating func next() -> ArraySlice<UInt8>? {
      while true {
        while let last = rest.last {
          let comma = rest.lastIndex(of: UInt8(ascii: ","))
          let element = comma.map { rest[($0 + 1)...] } ?? rest
          rest = comma.map { rest[..<$0] } ?? []
          if last != UInt8(ascii: ","), case let trimmed = element.trimmed, !trimmed.isEmpty { return trimmed }
        }
        guard let value = values.popLast() else { return nil }
        rest = Array(value.utf8)[...]
      }
    }
  }

  /// `for=192.0.2.60;proto=https`, in any order, quoted or not (RFC 7239 §4).
  private static func hop(_ element: ArraySlice<UInt8>) -> Hop {
    var hop = Hop()
    for pair in element.split(separator: UInt8(ascii: ";")) {
      guard let mark = pair.firstIndex(of: UInt8(ascii: "=")) else { continue }
      let name = pair[..<mark].trimmed
      let value = pair[(mark + 1)...].trimmed.filter { $0 != UInt8(ascii: "\"") }[...]
      if name.isEqual(ignoringCase: forName) { hop.address = address(value) }
      if name.isEqual(ignoringCase: protoName) { hop.scheme = scheme(value) }
    }
    return hop
  }

  private static let forName = Array("for".utf8)
  private static let protoName = Array("proto".utf8)

  private static func scheme(_ text: ArraySlice<UInt8>) -> String? {
    ["http", "https"].first { text.isEqual(ignoringCase: Array($0.utf8)) }
  }

  /// Returns an address without port and brackets (RFC 7239 §6).
  private static func address(_ bytes: ArraySlice<UInt8>) -> String? {
    if bytes.first == UInt8(ascii: "["), let end = bytes.firstIndex(of: UInt8(ascii: "]")) {
      let host = String(decoding: bytes[(bytes.startIndex + 1)..<end], as: UTF8.self)
      return PeerAddress(ip: host) == nil ? nil : host
    }
    let text = String(decoding: bytes, as: UTF8.self)
    if PeerAddress(ip: text) != nil { return text }
    if let colon = bytes.lastIndex(of: UInt8(ascii: ":")),
      case let host = String(decoding: bytes[..<colon], as: UTF8.self), PeerAddress(ip: host) != nil
    {
      return host
    }
    // `unknown`, or a name that hides the address (RFC 7239 §6.2, §6.3).
    return text.isPlain(upTo: 64) ? text : nil
  }
}
