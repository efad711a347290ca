import Foundation

/// The lines of a pipe, read on a thread of their own so that the pipe never fills up.
final class LineReader: Sendable {
  private let iterator: IteratorBox

  /// One test task at a time asks for lines.
  private final class IteratorBox: @unchecked Sendable {
    var iterator: AsyncStream<String>.AsyncIterator
    init(_ iterator: AsyncStream<String>.AsyncIterator) { self.iterator = iterator }
  }

  init(_ handle: FileHandle) {
    let (stream, continuation) = AsyncStream<String>.makeStream()
    iterator = IteratorBox(stream.makeAsyncIterator())
    let descriptor = handle.fileDescriptor
    Thread.detachNewThread {
      var pending: [UInt8] = []
      var buffer = [UInt8](repeating: 0, count: 4096)
      while true {
        let count = read(descriptor, &buffer, buffer.count)
        guard count > 0 else { break }
        pending += buffer[..<count]
        while let end = pending.firstIndex(of: UInt8(ascii: "\n")) {
          continuation.yield(String(decoding: pending[..<end], as: UTF8.self))
          pending.removeFirst(end + 1)
        }
      }
      if !pending.isEmpty { continuation.yield(String(decoding: pending, as: UTF8.self)) }
      continuation.finish()
      withExtendedLifetime(handle) {}
    }
  }

  func nextLine() async -> String? {
    await iterator.iterator.next()
  }

  func rest() async -> String {
    var text = ""
    while let line = await nextLine() { text += line + "\n" }
    return text
  }
}
