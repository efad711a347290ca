/// Encodes the elements of an array one after the other.
struct JSONArrayEncoder: UnkeyedEncodingContainer {
  private let output: JSONOutput
  private let array: Int

  init(_ output: JSONOutput, _ node: Int) {
    self.output = output
    array = node
    output.open(node, as: .array)
  }

  var codingPath: [any CodingKey] { output.path(to: array) }
  var count: Int { output.count(array) }

  func encodeNil() { output.encodeNil(at: output.append(to: array)) }

  func encode<Value: Encodable>(_ value: Value) throws {
    try output.encode(value, added: output.append(to: array))
  }

  func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) -> KeyedEncodingContainer<Nested> {
    KeyedEncodingContainer(JSONObjectEncoder<Nested>(output, output.append(to: array)))
  }

  func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { JSONArrayEncoder(output, output.append(to: array)) }

  func superEncoder() -> any Encoder { JSONValueEncoder(output: output, node: output.append(to: array)) }
}
