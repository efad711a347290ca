#if canImport(FoundationEssentials)
  internal import FoundationEssentials
#else
  internal import Foundation
#endif

/// Decodes a value with errors that name the member, and say which number or text does not fit.
///
/// Foundation's decoder has one text for all values that don't fit their type, and no path to them. This wraps the same
/// decoder, and records which value failed to decode.
struct LocatedErrors<Value: Decodable>: Decodable {
  let value: Value

  init(from decoder: any Decoder) throws {
    guard isDecodedByItself(Value.self) else {
      value = try Value(from: LocatingDecoder(base: decoder))
      return
    }
    value = try LocatingDecoder(base: decoder).singleValueContainer().decode(Value.self)
  }
}

/// Decodes one value of a container as any type.
private protocol ValueSource {
  var codingPath: [any CodingKey] { get }
  mutating func value<Value: Decodable>(_ type: Value.Type) throws -> Value
}

extension ValueSource {
  /// Decodes the value, and adds its path to the error.
  mutating func located<Value: Decodable>(_ type: Value.Type) throws -> Value {
    let path = codingPath
    guard isDecodedByItself(type) else {
      do {
        return try value(LocatedErrors<Value>.self).value
      } catch DecodingError.dataCorrupted(let context) where context.codingPath.isEmpty {
        throw DecodingError.dataCorrupted(.init(codingPath: path, debugDescription: context.debugDescription))
      }
    }
    do {
      return try value(type)
    } catch DecodingError.dataCorrupted(let context) where context.codingPath.isEmpty {
      throw misfit(type, path)
    } catch let error as DecodingError {
      throw error
    } catch {
      // Foundation's own error, which is private: a number that does not fit, or text that is not one.
      throw misfit(type, path)
    }
  }

  private mutating func misfit<Value>(_ type: Value.Type, _ path: [any CodingKey]) -> DecodingError {
    let what = (try? value(Decimal.self)).map { "The number \($0)" } ?? "The value"
    return .dataCorrupted(.init(codingPath: path, debugDescription: "\(what) does not fit \(type)."))
  }
}

/// Returns whether Foundation decodes the type by itself, such as a date by the configured strategy.
private func isDecodedByItself(_ type: Any.Type) -> Bool {
  scalars.contains(ObjectIdentifier(type))
}

private let scalars: Set<ObjectIdentifier> = {
  let types: [Any.Type] = [
    Bool.self, String.self, Double.self, Float.self, Int.self, Int8.self, Int16.self, Int32.self, Int64.self,
    Int128.self, UInt.self, UInt8.self, UInt16.self, UInt32.self, UInt64.self, UInt128.self, Date.self, Data.self,
    URL.self, Decimal.self,
  ]
  return Set(types.map { ObjectIdentifier($0) })
}()

// MARK: The decoder that a type sees

private struct LocatingDecoder: Decoder {
  let base: any Decoder

  var codingPath: [any CodingKey] { base.codingPath }
  var userInfo: [CodingUserInfoKey: Any] { base.userInfo }

  func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
    KeyedDecodingContainer(LocatingKeyedContainer(base: try base.container(keyedBy: type)))
  }

  func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
    LocatingUnkeyedContainer(base: try base.unkeyedContainer())
  }

  func singleValueContainer() throws -> any SingleValueDecodingContainer {
    LocatingSingleValueContainer(base: try base.singleValueContainer())
  }
}

private struct LocatingKeyedContainer<Key: CodingKey>: KeyedDecodingContainerProtocol {
  let base: KeyedDecodingContainer<Key>

  private struct Member: ValueSource {
    let base: KeyedDecodingContainer<Key>
    let key: Key

    var codingPath: [any CodingKey] { base.codingPath + [key] }
    func value<Value: Decodable>(_ type: Value.Type) throws -> Value { try base.decode(type, forKey: key) }
  }

  var codingPath: [any CodingKey] { base.codingPath }
  var allKeys: [Key] { base.allKeys }
  func contains(_ key: Key) -> Bool { base.contains(key) }
  func decodeNil(forKey key: Key) throws -> Bool { try base.decodeNil(forKey: key) }

  func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
    var member = Member(base: base, key: key)
    return try member.located(type)
  }

  func nestedContainer<Nested: CodingKey>(
    keyedBy type: Nested.Type, forKey key: Key
  ) throws -> KeyedDecodingContainer<Nested> {
    KeyedDecodingContainer(LocatingKeyedContainer<Nested>(base: try base.nestedContainer(keyedBy: type, forKey: key)))
  }

  func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
    LocatingUnkeyedContainer(base: try base.nestedUnkeyedContainer(forKey: key))
  }

  func superDecoder() throws -> any Decoder { LocatingDecoder(base: try base.superDecoder()) }
  func superDecoder(forKey key: Key) throws -> any Decoder { LocatingDecoder(base: try base.superDecoder(forKey: key)) }
}

private struct LocatingUnkeyedContainer: UnkeyedDecodingContainer, ValueSource {
  private struct Index: CodingKey {
    let intValue: Int?
    var stringValue: String { "Index \(intValue ?? 0)" }

    init(intValue: Int) { self.intValue = intValue }
    init?(stringValue: String) { nil }
  }

  var base: any UnkeyedDecodingContainer

  /// The path to the next value.
  var codingPath: [any CodingKey] { base.codingPath + [Index(intValue: base.currentIndex)] }
  var count: Int? { base.count }
  var isAtEnd: Bool { base.isAtEnd }
  var currentIndex: Int { base.currentIndex }
  mutating func decodeNil() throws -> Bool { try base.decodeNil() }
  mutating func value<Value: Decodable>(_ type: Value.Type) throws -> Value { try base.decode(type) }
  mutating func decode<Value: Decodable>(_ type: Value.Type) throws -> Value { try located(type) }

  mutating func nestedContainer<Nested: CodingKey>(
    keyedBy type: Nested.Type
  ) throws -> KeyedDecodingContainer<Nested> {
    KeyedDecodingContainer(LocatingKeyedContainer(base: try base.nestedContainer(keyedBy: type)))
  }

  mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
    LocatingUnkeyedContainer(base: try base.nestedUnkeyedContainer())
  }

  mutating func superDecoder() throws -> any Decoder { LocatingDecoder(base: try base.superDecoder()) }
}

private struct LocatingSingleValueContainer: SingleValueDecodingContainer, ValueSource {
  let base: any SingleValueDecodingContainer

  var codingPath: [any CodingKey] { base.codingPath }
  func decodeNil() -> Bool { base.decodeNil() }
  func value<Value: Decodable>(_ type: Value.Type) throws -> Value { try base.decode(type) }

  func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
    var copy = self
    return try copy.located(type)
  }
}
