internal import ByteCoding

#if canImport(FoundationEssentials)
  internal import FoundationEssentials
#else
  internal import Foundation
#endif

/// Encodes payloads as JSON like Foundation, except for dates.
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
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.dateEncodingStrategy = .custom { [dates] date, encoder in try dates.encode(date, to: encoder) }
    return Payload(Array(try encoder.encode(value)))
  }

  public func decode<Value: Decodable>(_ type: Value.Type, from payload: Payload) throws -> Value {
    let decoder = JSONDecoder()
    decoder.dateDecodingStrategy = .custom { [dates] decoder in try dates.decode(from: decoder) }
    let data = Data(payload.bytes)
    do {
      return try decoder.decode(type, from: data)
    } catch DecodingError.dataCorrupted(let context) where context.codingPath.isEmpty {
      // Foundation reports "not valid JSON" also for a number that does not fit its type, and does not report the
      // position.
      var scanner = JSONScanner(payload.bytes)
      do {
        scanner.skipWhitespace()
        _ = try scanner.skipValue()
      } catch {
        throw DecodingError.dataCorrupted(
          .init(codingPath: [], debugDescription: "The payload is not JSON: \(error.detail), at byte \(error.offset)."))
      }
      return try decoder.decode(LocatedErrors<Value>.self, from: data).value
    }
  }
}

extension JSONCoder.Dates {
  fileprivate func encode(_ date: Date, to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .iso8601:
      guard let milliseconds = Int64(exactly: (date.timeIntervalSince1970 * 1000).rounded()),
        RFC3339.range.contains(milliseconds)
      else {
        // Foundation ends the process when a date that is not finite is printed, and errors are printed.
        throw EncodingError.invalidValue(
          date.timeIntervalSince1970,
          .init(codingPath: encoder.codingPath, debugDescription: "The date is outside the years 1 to 9999."))
      }
      try container.encode(RFC3339.text(milliseconds: milliseconds))
    case .secondsSince1970: try container.encode(date.timeIntervalSince1970)
    case .millisecondsSince1970: try container.encode(date.timeIntervalSince1970 * 1000)
    case .secondsSince2001: try container.encode(date.timeIntervalSinceReferenceDate)
    }
  }

  fileprivate func decode(from decoder: any Decoder) throws -> Date {
    let container = try decoder.singleValueContainer()
    if let number = try? container.decode(Double.self) {
      switch self {
      case .iso8601, .secondsSince2001: return Date(timeIntervalSinceReferenceDate: number)
      case .secondsSince1970: return Date(timeIntervalSince1970: number)
      case .millisecondsSince1970: return Date(timeIntervalSince1970: number / 1000)
      }
    }
    guard let text = try? container.decode(String.self), let moment = RFC3339(text) else {
      throw DecodingError.dataCorrupted(
        .init(
          codingPath: decoder.codingPath,
          debugDescription: "Expected a date such as 2026-01-31T12:00:00.000Z, or a number of seconds."))
    }
    return Date(timeIntervalSince1970: moment.secondsSince1970)
  }
}
