internal import CZlib
internal import SharedLibrary

/// The functions of zlib that compress.
///
/// `@unchecked Sendable`: it holds only the constant addresses of functions, which Swift does not consider `Sendable`.
final class Zlib: @unchecked Sendable {
  private typealias Stream = UnsafeMutablePointer<evento_z_stream>

  private let deflateInit2:
    @convention(c) (
      Stream, _ level: Int32, _ method: Int32, _ windowBits: Int32, _ memoryLevel: Int32, _ strategy: Int32,
      _ version: UnsafePointer<CChar>, _ streamSize: Int32
    ) -> Int32
  private let deflate: @convention(c) (Stream, _ flush: Int32) -> Int32
  private let deflateReset: @convention(c) (Stream) -> Int32
  private let deflateEnd: @convention(c) (Stream) -> Int32
  private let crc32: @convention(c) (UInt, UnsafePointer<UInt8>, UInt32) -> UInt

  /// - Parameter names: The names or paths to try, in this order.
  init(names: [String]) throws(SharedLibrary.LoadError) {
    let library = try SharedLibrary(names: names)
    deflateInit2 = try library.function("deflateInit2_")
    deflate = try library.function("deflate")
    deflateReset = try library.function("deflateReset")
    deflateEnd = try library.function("deflateEnd")
    crc32 = try library.function("crc32")
  }

  /// The number 1 is that of the interface, which has been the same since 1995.
  static var names: [String] {
    #if canImport(Darwin)
      ["libz.1.dylib", "/usr/lib/libz.1.dylib"]
    #else
      ["libz.so.1"]
    #endif
  }

  /// Returns the checksum of bytes that follow others: RFC 1952 §8.
  func checksum(_ bytes: [UInt8], after checksum: UInt32) -> UInt32 {
    bytes.withUnsafeBufferPointer { bytes in
      // An empty buffer has no address, which zlib takes as a question for the first value.
      guard let start = bytes.baseAddress, !bytes.isEmpty else { return checksum }
      return UInt32(truncatingIfNeeded: crc32(UInt(checksum), start, UInt32(bytes.count)))
    }
  }

  /// Compresses pieces, each on its own. It is used by one thread at a time.
  final class Deflater {
    private let zlib: Zlib
    private let stream: Stream
    private let output: UnsafeMutableBufferPointer<UInt8>

    /// - Returns: `nil` if there is too little memory, or the library has another interface.
    init?(_ zlib: Zlib) {
      self.zlib = zlib
      stream = .allocate(capacity: 1)
      stream.initialize(to: evento_z_stream())
      output = .allocate(capacity: 64 << 10)
      let code = zlib.deflateInit2(
        stream, Self.level, Self.deflated, -Self.windowBits, Self.memoryLevel, 0, "1.2",
        Int32(MemoryLayout<evento_z_stream>.stride))
      guard code == 0 else { return nil }
    }

    deinit {
      _ = zlib.deflateEnd(stream)
      stream.deallocate()
      output.deallocate()
    }

    /// Appends blocks (RFC 1951) that end at a whole byte and refer to nothing before them, so that they can follow any
    /// others.
    ///
    /// - Parameter isLast: True if no block follows.
    func append(_ bytes: [UInt8], isLast: Bool, to result: inout [UInt8]) {
      _ = zlib.deflateReset(stream)
      bytes.withUnsafeBufferPointer { bytes in
        stream.pointee.next_in = bytes.baseAddress
        // A body is smaller than 4 GiB: see the range of --max-page-bytes.
        stream.pointee.avail_in = UInt32(bytes.count)
        repeat {
          stream.pointee.next_out = output.baseAddress
          stream.pointee.avail_out = UInt32(output.count)
          let code = zlib.deflate(stream, isLast ? Self.finish : Self.syncFlush)
          // "No progress", if the output before ended exactly with the buffer, is no error.
          precondition(code >= 0 || code == Self.bufferError, "zlib's state is damaged")
          result.append(contentsOf: output[..<(output.count - Int(stream.pointee.avail_out))])
        } while stream.pointee.avail_out == 0
        stream.pointee.next_in = nil
      }
    }

    /// The fastest level: 6, the default, takes three times as long for a tenth fewer bytes.
    private static let level: Int32 = 1
    /// `Z_DEFLATED`
    private static let deflated: Int32 = 8
    /// 32 KiB, the largest window: events repeat what earlier ones have. Negative: without the header of zlib.
    private static let windowBits: Int32 = 15
    /// The default. With the window it makes 256 KiB for each state.
    private static let memoryLevel: Int32 = 8
    /// `Z_SYNC_FLUSH`
    private static let syncFlush: Int32 = 2
    /// `Z_FINISH`
    private static let finish: Int32 = 4
    /// `Z_BUF_ERROR`
    private static let bufferError: Int32 = -5
  }
}
