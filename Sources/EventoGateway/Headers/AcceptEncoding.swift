internal import Evento
internal import EventoWire
internal import HTTPServer

/// The content coding of a response that can be compressed.
enum ContentCoding: Sendable, Equatable {
  /// No compression.
  case identity
  /// Compression with gzip.
  ///
  /// - Parameter isRequired: True if the client refuses a response without it, even a small one.
  case gzip(isRequired: Bool)
}

/// Chooses the content coding by `Accept-Encoding` (RFC 9110 §12.5.3).
enum AcceptEncoding {
  /// The maximum number of members. A list with more asks for nothing, because each costs time on the event loop.
  private static let maximumMembers = 100

  /// Returns `gzip` if the client asks for it, by name or by `*`, and does not prefer no coding. A client that sends no
  /// such field asks for nothing, although RFC 9110 would allow any coding.
  static func coding(_ headers: Headers) -> ContentCoding {
    let fields = headers.values(of: "accept-encoding")
    guard !fields.isEmpty,
      fields.reduce(0, { $0 + 1 + $1.count(of: UInt8(ascii: ",")) }) <= maximumMembers
    else { return .identity }
    var (gzip, identity, any): (Double?, Double?, Double?) = (nil, nil, nil)
    for field in fields {
      for member in Array(field.utf8).split(separator: UInt8(ascii: ",")).lazy.map(\.trimmed) where !member.isEmpty {
        let end = member.firstIndex(of: UInt8(ascii: ";")) ?? member.endIndex
        let (name, weight) = (member[..<end].trimmed, QualityValue.first(in: member[end...].dropFirst()))
        // If one is named twice, the first counts.
        if names.contains(where: { name.isEqual(ignoringCase: $0) }) {
          gzip = gzip ?? weight
        } else if name.isEqual(ignoringCase: identityName) {
          identity = identity ?? weight
        } else if name.elementsEqual(CollectionOfOne(UInt8(ascii: "*"))) {
          any = any ?? weight
        }
      }
    }
    let weight = gzip ?? any ?? 0
    guard weight > 0, weight >= identity ?? 0 else { return .identity }
    return .gzip(isRequired: identity ?? (any == 0 ? 0 : 1) == 0)
  }

  /// RFC 9110 §8.4.1.3: `x-gzip` means the same.
  private static let names = ["gzip", "x-gzip"].map { Array($0.utf8) }
  private static let identityName = Array("identity".utf8)
}
