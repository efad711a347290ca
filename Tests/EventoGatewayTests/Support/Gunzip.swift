import CZlib
import SharedLibrary
import Testing

/// Decompresses a gzip member piece by piece, by the library that compresses it.
final class Gunzip {
  private typealias Stream = UnsafeMutablePointer<evento_z_stream>

  private let inflate: @convention(c) (Stream, _ flush: Int32) -> Int32
  private let inflateEnd: @convention(c) (Stream) -> Int32
  private let stream: Stream
  /// Everything so far.
  private(set) var content: [UInt8] = []
  /// True once the member is complete, with the right checksum and size.
  private(set) var isComplete = false

  var text: String { String(decoding: content, as: UTF8.self) }

  init() throws {
    let library = try SharedLibrary(names: ["libz.so.1"])
    let inflateInit2:
      @convention(c) (Stream, _ windowBits: Int32, _ version: UnsafePointer<CChar>, _ streamSize: Int32) -> Int32 =
        try library.function("inflateInit2_")
    inflate = try library.function("inflate")
    inflateEnd = try library.function("inflateEnd")
    stream = .allocate(capacity: 1)
    stream.initialize(to: evento_z_stream())
    // 16: with the header and the trailer of gzip, which it checks.
    try #require(inflateInit2(stream, 15 + 16, "1.2", Int32(MemoryLayout<evento_z_stream>.stride)) == 0)
  }

  deinit {
    _ = inflateEnd(stream)
    stream.deallocate()
  }

  func add(_ bytes: [UInt8]) throws {
    try bytes.withUnsafeBufferPointer { bytes in
      stream.pointee.next_in = bytes.baseAddress
      stream.pointee.avail_in = UInt32(bytes.count)
      var code: Int32 = 0
      repeat {
        var produced = 0
        content += [UInt8](unsafeUninitializedCapacity: 1 << 16) { buffer, count in
          stream.pointee.next_out = buffer.baseAddress
          stream.pointee.avail_out = UInt32(buffer.count)
          code = inflate(stream, 2)
          produced = buffer.count - Int(stream.pointee.avail_out)
          count = produced
        }
        // 1: the end. -5: more input is needed.
        try #require(code == 0 || code == 1 || code == -5, "zlib reports \(code)")
      } while stream.pointee.avail_out == 0
      if code == 1 { isComplete = true }
      #expect(stream.pointee.avail_in == 0, "there is more behind the end")
    }
  }

  /// The content of a whole member.
  static func content(_ bytes: [UInt8]) throws -> [UInt8] {
    let gunzip = try Gunzip()
    try gunzip.add(bytes)
    #expect(gunzip.isComplete)
    return gunzip.content
  }
}
