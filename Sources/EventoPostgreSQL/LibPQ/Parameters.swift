internal import Evento

/// The values of a statement's parameters, in PostgreSQL's binary format, in one buffer.
///
/// Append one value for each parameter, in their order and of exactly their types: the server does not convert a binary
/// value, not even between integers of two sizes.
struct Parameters: ExpressibleByArrayLiteral {
  private var buffer: [UInt8] = []
  private var values: [Value] = []

  private struct Value {
    let offset: Int
    /// `nil` for NULL.
    let length: Int?
    let type: ValueType?
  }

  init() {}

  /// - Parameter capacity: The expected number of bytes of all values.
  init(reservingCapacity capacity: Int) {
    buffer.reserveCapacity(capacity)
  }

  init(arrayLiteral parameters: Parameter...) {
    for parameter in parameters { append(parameter) }
  }

  var count: Int { values.count }
  /// The number of bytes of all values.
  var size: Int { buffer.count }

  mutating func null() {
    values.append(Value(offset: buffer.count, length: nil, type: nil))
  }

  mutating func bool(_ value: Bool) {
    append(.bool) { $0.append(value ? 1 : 0) }
  }

  mutating func int2(_ value: Int16) {
    append(.int2) { $0.append(bigEndian: value) }
  }

  mutating func int4(_ value: Int32) {
    append(.int4) { $0.append(bigEndian: value) }
  }

  mutating func int8(_ value: Int64) {
    append(.int8) { $0.append(bigEndian: value) }
  }

  /// - Parameter value: Without U+0000, which PostgreSQL's texts can't contain.
  mutating func text(_ value: String) {
    append(.text) { $0.append(contentsOf: value.utf8) }
  }

  mutating func bytes(_ value: some Collection<UInt8>) {
    append(.bytea) { $0.append(contentsOf: value) }
  }

  mutating func uuid(_ value: ULID) {
    append(.uuid) { $0.append(value) }
  }

  /// Appends an array.
  ///
  /// - Parameter body: Appends the elements.
  mutating func array(of type: ValueType, _ body: (inout ArrayBuilder) -> Void) {
    guard let arrayType = type.array else { preconditionFailure("an array has no arrays as elements") }
    let offset = buffer.count
    // The builder takes the buffer, so that it is not copied.
    var taken: [UInt8] = []
    swap(&taken, &buffer)
    var builder = ArrayBuilder(of: type, appendingTo: consume taken)
    body(&builder)
    buffer = builder.finished()
    values.append(Value(offset: offset, length: buffer.count - offset, type: arrayType))
  }

  /// Appends an array with an element for each of some values, appended by `body`.
  mutating func array<Values: Sequence>(
    of type: ValueType, _ values: Values, _ body: (inout ArrayBuilder, Values.Element) -> Void
  ) {
    array(of: type) { array in
      for value in values { body(&array, value) }
    }
  }

  mutating func append(_ parameter: Parameter) {
    switch parameter {
    case .null: null()
    case .bool(let value): bool(value)
    case .int2(let value): int2(value)
    case .int4(let value): int4(value)
    case .int8(let value): int8(value)
    case .text(let value): text(value)
    case .bytes(let value): bytes(value)
    case .uuid(let value): uuid(value)
    case .int4Array(let values): array(of: .int4, values) { $0.int4($1) }
    case .int8Array(let values): array(of: .int8, values) { $0.int8($1) }
    case .textArray(let values): array(of: .text, values) { $0.text($1) }
    case .uuidArray(let values): array(of: .uuid, values) { $0.uuid($1) }
    }
  }

  private mutating func append(_ type: ValueType, _ body: (inout [UInt8]) -> Void) {
    let offset = buffer.count
    body(&buffer)
    values.append(Value(offset: offset, length: buffer.count - offset, type: type))
  }

  /// Returns whether the values have the given types.
  func match(_ types: [ValueType]) -> Bool {
    values.count == types.count && zip(values, types).allSatisfy { $0.type == nil || $0.type == $1 }
  }

  /// Calls `body` with the addresses and lengths of the values, and with their formats, which are all binary. They are
  /// valid only during the call.
  func withPointers<T>(_ body: (LibPQ.Texts, LibPQ.Integers, LibPQ.Integers) -> T) -> T {
    buffer.withUnsafeBytes { bytes in
      withUnsafeTemporaryAllocation(of: UnsafePointer<CChar>?.self, capacity: max(values.count, 1)) { addresses in
        withUnsafeTemporaryAllocation(of: Int32.self, capacity: max(2 * values.count, 2)) { integers in
          for (index, value) in values.enumerated() {
            // An empty value needs an address too: libpq takes none for NULL.
            let address = value.length.map { _ in
              bytes.baseAddress.map { UnsafePointer(($0 + value.offset).assumingMemoryBound(to: CChar.self)) }
                ?? Self.emptyValue
            }
            (addresses.baseAddress.unsafelyUnwrapped + index).initialize(to: address)
            integers[index] = Int32(clamping: value.length ?? 0)
            integers[values.count + index] = 1
          }
          let lengths = UnsafePointer(integers.baseAddress.unsafelyUnwrapped)
          return body(UnsafePointer(addresses.baseAddress.unsafelyUnwrapped), lengths, lengths + values.count)
        }
      }
    }
  }

  /// An address at which nothing is read.
  private static var emptyValue: UnsafePointer<CChar> {
    UnsafeRawPointer(("" as StaticString).utf8Start).assumingMemoryBound(to: CChar.self)
  }

  /// The maximum size of all values, in bytes. PostgreSQL takes a message of at most 1 GiB, with a few bytes for each
  /// value: https://www.postgresql.org/docs/15/limits.html
  static let maximumSize = (1 << 30) - (1 << 20)
}

/// A value of a parameter, for statements with few of them.
enum Parameter {
  case null
  case bool(Bool)
  case int2(Int16)
  case int4(Int32)
  case int8(Int64)
  case text(String)
  case bytes([UInt8])
  case uuid(ULID)
  case int4Array([Int32])
  case int8Array([Int64])
  case textArray([String])
  case uuidArray([ULID])
}

/// Writes the elements of an array in PostgreSQL's binary format (`array_send` in
/// https://github.com/postgres/postgres/blob/REL_15_STABLE/src/backend/utils/adt/arrayfuncs.c): the number of dimensions,
/// a flag for NULLs, the type of the elements, the number of elements and the index of the first, then each element after
/// its length.
struct ArrayBuilder: ~Copyable {
  private var buffer: [UInt8]
  private let start: Int
  private let type: ValueType
  private(set) var count = 0
  private var hasNulls = false

  private static let headerLength = 20
  private static let lengthOfNull: Int32 = -1

  fileprivate init(of type: ValueType, appendingTo bytes: consuming [UInt8]) {
    start = bytes.count
    self.type = type
    buffer = bytes
    buffer.append(contentsOf: repeatElement(0, count: Self.headerLength))
  }

  mutating func null() {
    hasNulls = true
    count += 1
    buffer.append(bigEndian: Self.lengthOfNull)
  }

  mutating func bool(_ value: Bool) {
    begin(.bool, 1)
    buffer.append(value ? 1 : 0)
  }

  mutating func int2(_ value: Int16) {
    begin(.int2, 2)
    buffer.append(bigEndian: value)
  }

  mutating func int4(_ value: Int32) {
    begin(.int4, 4)
    buffer.append(bigEndian: value)
  }

  mutating func int8(_ value: Int64) {
    begin(.int8, 8)
    buffer.append(bigEndian: value)
  }

  mutating func text(_ value: String) {
    begin(.text, value.utf8.count)
    buffer.append(contentsOf: value.utf8)
  }

  mutating func bytes(_ value: some Collection<UInt8>) {
    begin(.bytea, value.count)
    buffer.append(contentsOf: value)
  }

  mutating func uuid(_ value: ULID) {
    begin(.uuid, 16)
    buffer.append(value)
  }

  private mutating func begin(_ type: ValueType, _ length: Int) {
    assert(type == self.type, "an element of another type")
    count += 1
    buffer.append(bigEndian: Int32(clamping: length))
  }

  fileprivate consuming func finished() -> [UInt8] {
    let header: (Int32, Int32, UInt32, Int32, Int32) = (
      Int32(1).bigEndian, Int32(hasNulls ? 1 : 0).bigEndian, type.rawValue.bigEndian,
      Int32(clamping: count).bigEndian, Int32(1).bigEndian
    )
    withUnsafeBytes(of: header) { header in
      for (index, byte) in header.enumerated() { buffer[start + index] = byte }
    }
    // An empty array has no dimensions.
    if count == 0 {
      buffer.removeLast(8)
      buffer[start + 3] = 0
    }
    return buffer
  }
}

extension [UInt8] {
  fileprivate mutating func append(bigEndian value: some FixedWidthInteger) {
    Swift.withUnsafeBytes(of: value.bigEndian) { append(contentsOf: $0) }
  }

  fileprivate mutating func append(_ id: ULID) {
    append(bigEndian: id.high)
    append(bigEndian: id.low)
  }
}
