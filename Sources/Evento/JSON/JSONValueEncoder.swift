/// Encodes one value.
struct JSONValueEncoder: Encoder, SingleValueEncodingContainer {
  let output: JSONOutput
  let node: Int

  var codingPath: [any CodingKey] { output.path(to: node) }
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
    KeyedEncodingContainer(JSONObjectEncoder(output, node))
  }

  func unkeyedContainer() -> any UnkeyedEncodingContainer { JSONArrayEncoder(output, node) }

  func singleValueContainer() -> any SingleValueEncodingContainer { self }

  func encodeNil() { output.encodeNil(at: node) }

  func encode<Value: Encodable>(_ value: Value) throws { try output.encode(value, at: node) }
}
