internal import ByteCoding

/// A place in the history of one store.
///
/// To everybody but the store that made it, it is an opaque text of `A-Za-z0-9_-`, at most 200 characters: a check, so
/// that a damaged one is told from a foreign one, around whatever the store needs to find the place again and to know
/// that it is its own.
public struct Cursor: Sendable, Hashable, CustomStringConvertible {
  /// The text form.
  public let description: String

  /// Reads the text form.
  ///
  /// - Throws: `invalid_cursor` where it is damaged, or no cursor at all. Whether it is of a certain store's history,
  ///   only that store can tell.
  public init(_ text: String) throws {
    try self.init(parsing: text)
  }

  package init(parsing text: String) throws(EventoError) {
    guard text.utf8.count <= Self.maximumLength, let wrapped = Base64.url.decode(Array(text.utf8)),
      wrapped.count > Self.overhead, wrapped[0] == Self.formatVersion
    else { throw .damagedCursor() }
    let body = wrapped.dropLast(Self.checkLength)
    guard Self.check(of: body) == wrapped.suffix(Self.checkLength).reduce(0, { $0 << 8 | UInt32($1) }) else {
      throw .damagedCursor()
    }
    description = text
  }

  /// Wraps what a store needs to find a place again.
  ///
  /// - Parameter place: 1 … ``maximumPlaceLength`` bytes.
  public init(place: [UInt8]) {
    self = place.withUnsafeBytes { Cursor(place: $0) }
  }

  /// As ``init(place:)-([UInt8])``, from bytes wherever they are.
  package init(place: UnsafeRawBufferPointer) {
    description = String(unsafeUninitializedCapacity: Self.maximumLength) { text in
      Self.writeText(of: place, to: UnsafeMutableRawBufferPointer(text))
    }
  }

  /// The text form of a cursor that was made, not read: it is not looked at.
  package init(made text: UnsafeRawBufferPointer) {
    description = String(decoding: text, as: UTF8.self)
  }

  /// Writes the text form of a place's cursor.
  ///
  /// - Parameter text: has room for ``maximumLength`` bytes.
  /// - Returns: how many there are.
  package static func writeText(of place: UnsafeRawBufferPointer, to text: UnsafeMutableRawBufferPointer) -> Int {
    requireUse((1...maximumPlaceLength).contains(place.count), "a cursor's place is 1 to 145 bytes")
    let length = place.count + overhead
    return withUnsafeTemporaryAllocation(byteCount: length, alignment: 1) { wrapped in
      wrapped[0] = formatVersion
      var check = checkStart
      checkStep(&check, formatVersion)
      for index in 0..<place.count {
        wrapped[1 + index] = place[index]
        checkStep(&check, place[index])
      }
      for index in 0..<checkLength {
        wrapped[length - 1 - index] = UInt8(truncatingIfNeeded: check >> UInt32(8 * index))
      }
      return Base64.url.write(UnsafeRawBufferPointer(wrapped), to: text)
    }
  }

  /// What the store that made it put in.
  public var place: [UInt8] {
    // The text was read, or made, by an initialiser above.
    let wrapped = Base64.url.decode(Array(description.utf8)) ?? []
    return Array(wrapped.dropFirst().dropLast(Self.checkLength))
  }

  /// The longest text form, in characters.
  public static let maximumLength = 200
  /// The longest place that fits into it, in bytes.
  public static let maximumPlaceLength = maximumLength * 3 / 4 - overhead

  private static let formatVersion: UInt8 = 1
  private static let checkLength = 4
  private static let overhead = 1 + checkLength

  /// 32-bit FNV-1a. Each step is a bijection of the state, so one changed byte always shows.
  private static func check(of bytes: some Sequence<UInt8>) -> UInt32 {
    bytes.reduce(into: checkStart, checkStep)
  }

  private static let checkStart: UInt32 = 2_166_136_261

  private static func checkStep(_ check: inout UInt32, _ byte: UInt8) {
    check = (check ^ UInt32(byte)) &* 16_777_619
  }
}
