internal import ByteCoding

/// Encodes payloads as JSON like Foundation's coders, except for dates.
///
/// Members are sorted by name, so that equal values have equal bytes: the store recognizes a resend only if they do.
/// Two kinds of value have no fixed order, and each process writes them differently: a `Set`, and a `Dictionary` whose
/// keys are neither `String` nor `Int`, which becomes an array of keys and values. In an event, use a sorted array
/// instead of a set, and make an enum that is a key conform to `CodingKeyRepresentable`, so that its dictionary is an
/// object.
///
/// A `Date` is written as ISO 8601 text in UTC with milliseconds, `2026-01-31T12:00:00.000Z`, unless you choose another
/// of the ``Dates``.
public struct JSONCoder: EventCoder {
  /// The format of a `Date`. Each of them also reads ISO 8601 text with any offset.
  public enum Dates: Sendable, Hashable {
    /// `2026-01-31T12:00:00.000Z`, from year 1 to year 9999, rounded to the millisecond. A number is read as
    /// ``secondsSince2001``, which an earlier version of this library wrote.
    case iso8601
    /// A number of seconds since 1970-01-01T00:00:00Z.
    case secondsSince1970
    /// A number of milliseconds since 1970-01-01T00:00:00Z.
    case millisecondsSince1970
    /// A number of seconds since 2001-01-01T00:00:00Z, like Foundation's own coders. It is exact.
    case secondsSince2001
  }

  private let dates: Dates

  /// - Parameter dates: The format of a `Date`.
  public init(dates: Dates = .iso8601) {
    self.dates = dates
  }

  public func encode(_ value: some Encodable) throws -> Payload {
    let output = JSONOutput(dates)
    try output.encode(value, at: JSONOutput.root)
    if let node = output.twiceEncoded { throw output.encodedTwice(value, node) }
    guard !output.isEmpty else {
      throw EncodingError.invalidValue(
        value, .init(codingPath: [], debugDescription: "The value did not encode anything."))
    }
    guard output.depth <= JSONTape.maximumDepth else { throw output.tooDeep(value, JSONOutput.root) }
    let json = output.json()
    // A deep part may have been removed again.
    let isJSON = output.depth <= JSONScanner.maximumDepth || JSONScanner.isBareValue(json)
    return Payload(bytes: json, isJSON: isJSON)
  }

  public func decode<Value: Decodable>(_ type: Value.Type, from payload: Payload) throws -> Value {
    let document: JSONDocument
    do throws(JSONScanner.ParseError) {
      document = try JSONDocument(payload.bytes, dates)
    } catch {
      throw DecodingError.dataCorrupted(
        .init(codingPath: [], debugDescription: "The payload is not JSON: \(error.detail), at byte \(error.offset)."))
    }
    return try document.decode(type, at: JSONTape.root)
  }
}
