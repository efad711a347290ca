/// Turns values into payloads and back: events, and the states of projections.
///
/// The default is ``JSONCoder``. Payloads need not be JSON.
public protocol EventCoder: Sendable {
  /// - Throws: whatever says why the value can't be coded.
  func encode(_ value: some Encodable) throws -> Payload

  /// - Throws: whatever says why the payload is no such value.
  func decode<Value: Decodable>(_ type: Value.Type, from payload: Payload) throws -> Value
}
