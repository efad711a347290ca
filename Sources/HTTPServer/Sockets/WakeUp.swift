#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// A pipe through which other threads end an event loop's wait.
struct WakeUp: ~Copyable {
  private let input: Descriptor
  private let output: Descriptor

  init() throws(SystemError) {
    var ends: [Int32] = [-1, -1]
    _ = try systemCall { pipe(&ends) }.orThrow("pipe")
    let input = Descriptor(ends[0])
    let output = Descriptor(ends[1])
    try input.setNonBlocking()
    try output.setNonBlocking()
    self.input = input
    self.output = output
  }

  /// What a poller waits for.
  var descriptor: Int32 { input.number }

  func signal() {
    var byte: UInt8 = 1
    // A full pipe will end the wait too.
    _ = systemCall { write(output.number, &byte, 1) }
  }

  func clear() {
    withUnsafeTemporaryAllocation(byteCount: 64, alignment: 1) { buffer in
      // What is left, if anything, ends the next wait, and is read then.
      _ = systemCall { read(input.number, buffer.baseAddress, buffer.count) }
    }
  }
}
