internal import Evento

/// The rows that a statement returned, in binary format.
///
/// `@unchecked Sendable`: libpq does not change a result once it has returned it, and any thread can read it, also while
/// the connection is in use (https://www.postgresql.org/docs/15/libpq-threading.html).
final class QueryResult: @unchecked Sendable {
  private let libpq: LibPQ
  private let handle: LibPQ.ResultHandle

  let rowCount: Int

  /// Takes over a result, and clears it at its end.
  init(_ handle: LibPQ.ResultHandle, _ libpq: LibPQ) {
    self.libpq = libpq
    self.handle = handle
    rowCount = Int(libpq.rowCount(handle))
  }

  deinit {
    libpq.clear(handle)
  }

  /// The number of rows that the statement inserted, changed, deleted or returned.
  var affectedRows: Int {
    libpq.affectedRows(handle).flatMap { Int(String(cString: $0)) } ?? 0
  }

  // MARK: Values, by row and column, both counted from 0

  func isNull(_ row: Int, _ column: Int) -> Bool {
    libpq.isNull(handle, Int32(row), Int32(column)) != 0
  }

  /// Returns an integer of any size; 0 for NULL.
  func integer(_ row: Int, _ column: Int) -> Int64 {
    let bytes = bytes(row, column)
    return switch bytes.count {
    case 8: Int64(bigEndian: bytes.loadUnaligned(as: Int64.self))
    case 4: Int64(Int32(bigEndian: bytes.loadUnaligned(as: Int32.self)))
    case 2: Int64(Int16(bigEndian: bytes.loadUnaligned(as: Int16.self)))
    default: 0
    }
  }

  /// Returns a truth value; false for NULL.
  func bool(_ row: Int, _ column: Int) -> Bool {
    bytes(row, column).first == 1
  }

  /// Returns a text; an empty one for NULL.
  func text(_ row: Int, _ column: Int) -> String {
    String(decoding: bytes(row, column), as: UTF8.self)
  }

  /// Returns an identifier that is stored as `uuid`; the smallest one for NULL.
  func ulid(_ row: Int, _ column: Int) -> ULID {
    let bytes = bytes(row, column)
    guard bytes.count == 16 else { return ULID(high: 0, low: 0) }
    return ULID(
      high: UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)),
      low: UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)))
  }

  /// Returns the bytes of a value; none for NULL. They are valid as long as the result exists.
  func bytes(_ row: Int, _ column: Int) -> UnsafeRawBufferPointer {
    // libpq prints a warning instead of failing.
    precondition(row >= 0 && row < rowCount && column >= 0, "a row that the result does not have")
    let length = Int(libpq.length(handle, Int32(row), Int32(column)))
    return UnsafeRawBufferPointer(start: libpq.value(handle, Int32(row), Int32(column)), count: length)
  }
}
