internal import Evento
internal import EventoWire
internal import HTTPServer

/// Which format of a stream a client would have (RFC 9110 §12.5.1).
enum Accept {
  /// The format of the highest weight; of equal ones, Server-Sent Events. A request without the field takes anything.
  ///
  /// - Throws: `not_acceptable` where it allows neither.
  static func format(_ headers: Headers) throws(EventoError) -> StreamFormat {
    let fields = headers.values(of: "accept")
    guard !fields.isEmpty else { return .eventStream }
    let members = fields.flatMap { $0.split(separator: ",") }
    // An empty field names no preference (§12.5.1: the list may have no members).
    if members.allSatisfy({ member in member.allSatisfy { $0 == " " || $0 == "\t" } }) { return .eventStream }
    let ranges = members.compactMap { Range($0) }
    let weights = StreamFormat.allCases.map { ($0, weight($0.mediaType, ranges)) }
    let best = weights.reduce(weights[0]) { $1.1 > $0.1 ? $1 : $0 }
    guard best.1 > 0 else {
      throw EventoError(
        .notAcceptable,
        "A stream is text/event-stream or application/x-ndjson, and Accept allows neither: name one of them.")
    }
    return best.0
  }

  private struct Range {
    let type: String
    let subtype: String
    let weight: Double

    /// - Returns: `nil` where it is no media range; it then allows nothing.
    init?(_ text: Substring) {
      let parts = text.split(separator: ";", omittingEmptySubsequences: false).map { part in
        part.filter { $0 != " " && $0 != "\t" }.lowercased()
      }
      let names = parts[0].split(separator: "/", omittingEmptySubsequences: false)
      guard names.count == 2, !names[0].isEmpty, !names[1].isEmpty else { return nil }
      (type, subtype) = (String(names[0]), String(names[1]))
      let quality = parts.dropFirst().first { $0.hasPrefix("q=") }.map { Double($0.dropFirst(2)) ?? 0 } ?? 1
      weight = min(max(quality, 0), 1)
    }

    /// How exactly it names a type: 2 in full, 1 by its first half, 0 not at all; `nil` where it is another.
    func precision(_ mediaType: String) -> Int? {
      let names = mediaType.split(separator: "/")
      if type == names[0] && subtype == names[1] { return 2 }
      if type == names[0] && subtype == "*" { return 1 }
      return type == "*" && subtype == "*" ? 0 : nil
    }
  }

  /// The weight of the range that names it most exactly.
  private static func weight(_ mediaType: String, _ ranges: [Range]) -> Double {
    let matches = ranges.compactMap { range in range.precision(mediaType).map { ($0, range.weight) } }
    return matches.max { $0.0 < $1.0 }?.1 ?? 0
  }
}
