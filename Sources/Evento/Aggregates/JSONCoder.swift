#if canImport(FoundationEssentials)
  internal import FoundationEssentials
#else
  internal import Foundation
#endif

/// Payloads as JSON, as Foundation codes it.
///
/// Members come in the order of their names, so that equal values are equal bytes: a resend is one only if they are.
/// A `Date` is a number of seconds since 2001, Foundation's own way, which loses nothing.
public struct JSONCoder: EventCoder {
  public init() {}

  public func encode(_ value: some Encodable) throws -> Payload {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return Payload(Array(try encoder.encode(value)))
  }

  public func decode<Value: Decodable>(_ type: Value.Type, from payload: Payload) throws -> Value {
    try JSONDecoder().decode(type, from: Data(payload.bytes))
  }
}
