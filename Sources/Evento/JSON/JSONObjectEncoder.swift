/// Encodes the members of an object.
struct JSONObjectEncoder<Key: CodingKey>: KeyedEncodingContainerProtocol {
  private let output: JSONOutput
  private let object: Int

  init(_ output: JSONOutput, _ node: Int) {
    self.output = output
    object = node
    output.open(node, as: .object)
  }

  var codingPath: [any CodingKey] { output.path(to: object) }

  func encodeNil(forKey key: Key) { output.encodeNil(at: member(key)) }

  func encode<Value: Encodable>(_ value: Value, forKey key: Key) throws {
    try output.encode(value, added: member(key))
  }

  func nestedContainer<Nested: CodingKey>(
    keyedBy type: Nested.Type, forKey key: Key
  ) -> KeyedEncodingContainer<Nested> {
    KeyedEncodingContainer(JSONObjectEncoder<Nested>(output, nested(key)))
  }

  func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
    JSONArrayEncoder(output, nested(key))
  }

  func superEncoder() -> any Encoder { JSONValueEncoder(output: output, node: member(JSONKey.super)) }
  func superEncoder(forKey key: Key) -> any Encoder { JSONValueEncoder(output: output, node: member(key)) }

  private func member(_ key: some CodingKey) -> Int { output.append(key.stringValue, to: object) }

  private func nested(_ key: Key) -> Int {
    let node = member(key)
    output.nest(node)
    return node
  }
}
