internal import Evento
internal import EventoWire
internal import HTTPServer

/// Chooses the format of a stream by `Accept` (RFC 9110 §12.5.1).
///
/// The field can be as long as a header section, with thousands of ranges. So they are counted first, and then read
/// once as bytes; only the best one for each format is kept.
enum Accept {
  /// The maximum number of ranges of one request. Browsers send ten.
  private static let maximumRanges = 100

  /// Returns the format of the highest weight; for equal weights, Server-Sent Events. A request without the field
  /// accepts any format.
  ///
  /// - Throws: `not_acceptable` if it allows neither; `invalid_request` if it has too many ranges.
  static func format(_ headers: Headers) throws(EventoError) -> StreamFormat {
    var preferences = StreamFormat.allCases.map { Preference($0) }
    var isEmpty = true
    let fields = headers.values(of: "accept")
    guard fields.reduce(0, { $0 + 1 + $1.count(of: UInt8(ascii: ",")) }) <= maximumRanges else {
      throw EventoError(
        .invalidRequest,
        "Accept lists more than \(maximumRanges) media ranges. Send text/event-stream or application/x-ndjson.")
    }
    for field in fields {
      for member in Array(field.utf8).split(separator: UInt8(ascii: ",")).lazy.map(\.trimmed) where !member.isEmpty {
        isEmpty = false
        guard let range = MediaRange(member) else { continue }
        for index in preferences.indices { preferences[index].weigh(range) }
      }
    }
    // An empty field has no preference (RFC 9110 §12.5.1: the list may have no members).
    if isEmpty { return .eventStream }
    let best = preferences.reduce(preferences[0]) { $1.weight > $0.weight ? $1 : $0 }
    guard best.weight > 0 else {
      throw EventoError(
        .notAcceptable,
        "Accept allows neither text/event-stream nor application/x-ndjson, the formats of a stream. Name one of them.")
    }
    return best.format
  }

  /// A range of a list, such as `text/*;q=0.5`, as bytes.
  private struct MediaRange {
    let type: ArraySlice<UInt8>
    let subtype: ArraySlice<UInt8>
    let parameters: ArraySlice<UInt8>

    /// - Returns: `nil` if it is not a media range; it then allows nothing.
    init?(_ text: ArraySlice<UInt8>) {
      let end = text.firstIndex(of: UInt8(ascii: ";")) ?? text.endIndex
      let name = text[..<end].trimmed
      guard let slash = name.firstIndex(of: UInt8(ascii: "/")) else { return nil }
      (type, subtype, parameters) = (name[..<slash], name[(slash + 1)...], text[end...].dropFirst())
    }

    /// Returns how precisely it names a type: 2 in full, 1 by its first half, 0 for any type; `nil` if it names
    /// another.
    func precision(_ names: (type: [UInt8], subtype: [UInt8])) -> Int? {
      let isAnySubtype = subtype.elementsEqual(CollectionOfOne(UInt8(ascii: "*")))
      if type.isEqual(ignoringCase: names.type) {
        return subtype.isEqual(ignoringCase: names.subtype) ? 2 : isAnySubtype ? 1 : nil
      }
      return isAnySubtype && type.elementsEqual(CollectionOfOne(UInt8(ascii: "*"))) ? 0 : nil
    }

    /// The weight of the range.
    var weight: Double { QualityValue.first(in: parameters) }
  }

  /// The weight of a format, by the most precise range so far that names it.
  private struct Preference {
    let format: StreamFormat
    private let names: (type: [UInt8], subtype: [UInt8])
    private var precision = -1
    private(set) var weight = 0.0

    init(_ format: StreamFormat) {
      self.format = format
      let names = format.mediaType.split(separator: "/").map { Array($0.utf8) }
      self.names = (names[0], names[1])
    }

    mutating func weigh(_ range: MediaRange) {
      guard let precision = range.precision(names), precision > self.precision else { return }
      self.precision = precision
      weight = range.weight
    }
  }
}
