internal import ByteCoding

/// Decodes the members of an object.
struct JSONObjectDecoder<Key: CodingKey>: KeyedDecodingContainerProtocol {
  private let document: JSONDocument
  private let object: UInt32
  private let hasTable: Bool

  @inline(__always)
  init(_ document: JSONDocument, _ index: Int) throws {
    switch document.tape.kind(index) {
    case .object, .objectWithUnusualNames: break
    case .null: throw document.null([String: Any].self, index)
    default: throw document.mismatch([String: Any].self, index)
    }
    hasTable = document.needsTable(index)
    self.document = hasTable ? try document.withTable(of: index) : document
    object = UInt32(index)
  }

  var codingPath: [any CodingKey] { document.path(to: Int(object)) }
  var allKeys: [Key] { document.names(of: Int(object), hasTable: hasTable).compactMap { Key(stringValue: $0) } }

  func contains(_ key: Key) -> Bool { index(key) != nil }

  func decodeNil(forKey key: Key) throws -> Bool { document.isNull(try existingIndex(key)) }

  func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
    try document.decode(type, at: existingIndex(key))
  }

  func nestedContainer<Nested: CodingKey>(
    keyedBy type: Nested.Type, forKey key: Key
  ) throws -> KeyedDecodingContainer<Nested> {
    KeyedDecodingContainer(try JSONObjectDecoder<Nested>(document, existingIndex(key)))
  }

  func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
    try JSONArrayDecoder(document, existingIndex(key))
  }

  func superDecoder() throws -> any Decoder { superDecoder(JSONKey.super) }
  func superDecoder(forKey key: Key) throws -> any Decoder { superDecoder(key) }

  private func superDecoder(_ key: some CodingKey) -> any Decoder {
    // A missing member is a null for a superclass, as in Foundation.
    guard let index = index(key) else {
      let missing = JSONDocument(missing: codingPath + [key], document.dates)
      return JSONValueDecoder(document: missing, index: JSONTape.root)
    }
    return JSONValueDecoder(document: document, index: index)
  }

  @inline(__always)
  private func index(_ key: some CodingKey) -> Int? {
    document.member(key.stringValue, of: Int(object), hasTable: hasTable)
  }

  @inline(__always)
  private func existingIndex(_ key: Key) throws -> Int {
    guard let index = index(key) else {
      throw DecodingError.keyNotFound(
        key, .init(codingPath: codingPath, debugDescription: "There is no member \"\(key.stringValue)\"."))
    }
    return index
  }
}

// Faster than the defaults and the generic function: a member is looked up once, and its type is not compared.
extension JSONObjectDecoder {
  func decode(_ type: String.Type, forKey key: Key) throws -> String { try document.string(existingIndex(key)) }
  func decode(_ type: Bool.Type, forKey key: Key) throws -> Bool { try document.boolean(existingIndex(key)) }
  func decode(_ type: Int.Type, forKey key: Key) throws -> Int { try document.integer(existingIndex(key)) }
  func decode(_ type: Double.Type, forKey key: Key) throws -> Double { try document.double(existingIndex(key)) }

  func decodeIfPresent(_ type: String.Type, forKey key: Key) throws -> String? {
    try presentIndex(key).map { try document.string($0) }
  }

  func decodeIfPresent(_ type: Bool.Type, forKey key: Key) throws -> Bool? {
    try presentIndex(key).map { try document.boolean($0) }
  }

  func decodeIfPresent(_ type: Int.Type, forKey key: Key) throws -> Int? {
    try presentIndex(key).map { try document.integer($0) }
  }

  func decodeIfPresent(_ type: Double.Type, forKey key: Key) throws -> Double? {
    try presentIndex(key).map { try document.double($0) }
  }

  func decodeIfPresent<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value? {
    try presentIndex(key).map { try document.decode(type, at: $0) }
  }

  /// Returns the index of a member, or `nil` if it is missing or `null`.
  @inline(__always)
  private func presentIndex(_ key: Key) -> Int? {
    guard let index = index(key), !document.isNull(index) else { return nil }
    return index
  }
}
