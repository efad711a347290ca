/// Encodes events and the states of projections as payloads, and decodes them.
///
/// The default is ``JSONCoder``. Payloads need not be JSON.
public protocol EventCoder: Sendable {
  /// - Throws: An error that says why the value can't be encoded.
  func encode(_ value: some Encodable) throws -> Payload

  /// - Throws: An error that says why the payload can't be decoded as this type.
  func decode<Value: Decodable>(_ type: Value.Type, from payload: Payload) throws -> Value
}
