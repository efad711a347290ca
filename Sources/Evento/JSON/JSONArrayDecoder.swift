internal import ByteCoding

/// Decodes the elements of an array one after the other.
struct JSONArrayDecoder: UnkeyedDecodingContainer {
  private let document: JSONDocument
  // Of 32 bits, so that it fits into an existential.
  private let array: UInt32
  private var next: UInt32

  init(_ document: JSONDocument, _ index: Int) throws {
    try document.expectArray(index)
    self.document = document
    array = UInt32(index)
    next = array + 1
  }

  var codingPath: [any CodingKey] { document.path(to: Int(array)) }
  var count: Int? { document.tape.count(Int(array)) }
  var isAtEnd: Bool { Int(next) == document.tape.end(Int(array)) }
  var currentIndex: Int { isAtEnd ? document.tape.count(Int(array)) : document.tape.position(Int(next)) }

  mutating func decodeNil() throws -> Bool {
    guard document.isNull(try element(Never.self)) else { return false }
    skip()
    return true
  }

  mutating func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
    let value = try document.decode(type, at: element(type))
    skip()
    return value
  }

  mutating func nestedContainer<Nested: CodingKey>(
    keyedBy type: Nested.Type
  ) throws -> KeyedDecodingContainer<Nested> {
    let container = try JSONObjectDecoder<Nested>(document, element(KeyedDecodingContainer<Nested>.self))
    skip()
    return KeyedDecodingContainer(container)
  }

  mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
    let container = try JSONArrayDecoder(document, element((any UnkeyedDecodingContainer).self))
    skip()
    return container
  }

  mutating func superDecoder() throws -> any Decoder {
    let decoder = JSONValueDecoder(document: document, index: try element((any Decoder).self))
    skip()
    return decoder
  }

  /// Returns the index of the next element.
  @inline(__always)
  private func element(_ type: Any.Type) throws -> Int {
    guard !isAtEnd else {
      throw DecodingError.valueNotFound(
        type,
        .init(
          codingPath: codingPath + [JSONKey(index: currentIndex)],
          debugDescription: "The array has only \(currentIndex) elements."))
    }
    return Int(next)
  }

  private mutating func skip() {
    next = UInt32(document.tape.end(Int(next)))
  }
}
