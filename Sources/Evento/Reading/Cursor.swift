internal import ByteCoding

/// A position in the history of one store.
///
/// Only the store that created it can interpret it. For everyone else it is opaque text of `A-Za-z0-9_-`, at most 200
/// characters. It has a checksum, which distinguishes a damaged cursor from a foreign one, and the data with which the
/// store finds the position and recognizes its own cursors.
public struct Cursor: Sendable, Hashable, CustomStringConvertible {
  /// The text form.
  public let description: String

  /// Parses the text form.
  ///
  /// - Throws: `invalid_cursor` if it is damaged or not a cursor. Only the store can check if it is in its history.
  public init(_ text: String) throws {
    try self.init(parsing: text)
  }

  package init(parsing text: String) throws(EventoError) {
    var text = text
    guard text.withUTF8({ Self.isWhole(UnsafeRawBufferPointer($0)) }) else { throw .damagedCursor() }
    description = text
  }

  /// Parses the bytes of the text form; returns `nil` if it is damaged or not a cursor.
  package init?(parsing text: UnsafeRawBufferPointer) {
    guard Self.isWhole(text) else { return nil }
    self.init(made: text)
  }

  /// Returns whether a text is one that was made here. Without an array: it is called for every event that is received.
  private static func isWhole(_ text: UnsafeRawBufferPointer) -> Bool {
    guard text.count <= maximumLength else { return false }
    return withUnsafeTemporaryAllocation(byteCount: maximumContentLength + overhead, alignment: 1) { wrapped in
      guard let count = Base64.url.decode(text, to: wrapped), count > overhead, wrapped[0] == formatVersion else {
        return false
      }
      let end = count - checkLength
      return check(of: wrapped[..<end]) == wrapped[end..<count].reduce(0) { $0 << 8 | UInt32($1) }
    }
  }

  /// Creates a cursor from the data with which a store finds a position.
  ///
  /// - Parameter content: 1 to ``maximumContentLength`` bytes.
  public init(content: [UInt8]) {
    self = content.withUnsafeBytes { Cursor(content: $0) }
  }

  /// Creates a cursor from data at a pointer.
  package init(content: UnsafeRawBufferPointer) {
    description = String(unsafeUninitializedCapacity: Self.maximumLength) { text in
      Self.writeText(of: content, to: UnsafeMutableRawBufferPointer(text))
    }
  }

  /// Creates a cursor from its text form without checking it.
  package init(made text: UnsafeRawBufferPointer) {
    description = String(decoding: text, as: UTF8.self)
  }

  /// Writes the text form of a cursor.
  ///
  /// - Parameter text: Has room for ``maximumLength`` bytes.
  /// - Returns: The number of bytes written.
  package static func writeText(of content: UnsafeRawBufferPointer, to text: UnsafeMutableRawBufferPointer) -> Int {
    requireUse(
      (1...maximumContentLength).contains(content.count),
      "a cursor's content must be 1 to \(maximumContentLength) bytes")
    let length = content.count + overhead
    return withUnsafeTemporaryAllocation(byteCount: length, alignment: 1) { wrapped in
      wrapped[0] = formatVersion
      var check = checkStart
      checkStep(&check, formatVersion)
      UnsafeMutableRawBufferPointer(rebasing: wrapped[1...]).copyMemory(from: content)
      for byte in content { checkStep(&check, byte) }
      wrapped.storeBytes(of: check.bigEndian, toByteOffset: length - checkLength, as: UInt32.self)
      return Base64.url.write(UnsafeRawBufferPointer(wrapped), to: text)
    }
  }

  /// The data that the store put into the cursor.
  public var content: [UInt8] {
    // An initializer above has checked or created the text.
    let wrapped = Base64.url.decode(Array(description.utf8)) ?? []
    return Array(wrapped.dropFirst().dropLast(Self.checkLength))
  }

  /// The maximum length of the text form, in characters.
  public static let maximumLength = 200
  /// The maximum length of the data, in bytes.
  public static let maximumContentLength = maximumLength * 3 / 4 - overhead

  private static let formatVersion: UInt8 = 1
  private static let checkLength = 4
  private static let overhead = 1 + checkLength

  /// 32-bit FNV-1a. Each step is a bijection of the state, so one changed byte always changes the result.
  private static func check(of bytes: some Sequence<UInt8>) -> UInt32 {
    bytes.reduce(into: checkStart, checkStep)
  }

  private static let checkStart: UInt32 = 2_166_136_261

  private static func checkStep(_ check: inout UInt32, _ byte: UInt8) {
    check = (check ^ UInt32(byte)) &* 16_777_619
  }
}
