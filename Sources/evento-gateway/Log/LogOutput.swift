internal import ByteCoding
internal import Dispatch
internal import Foundation
internal import Logging
internal import Synchronization

/// Standard error as the destination of the log. A caller that logs never waits for the reader.
///
/// Lines are written on a separate queue. If they are not read in time, further ones are dropped, and their number is
/// logged.
final class LogOutput: TextOutputStream, Sendable {
  private struct State {
    var waiting: [UInt8] = []
    /// The lines that were dropped since the last notice, and since the start.
    var dropped = 0
    var allDropped = 0
    var isWriting = false
  }

  private let label: String
  private let format: LogFormat
  private let queue = DispatchQueue(label: "log")
  private let state = Mutex(State())

  /// The maximum size of waiting lines, in bytes. As many again may be about to be written.
  private static let limit = 1 << 20

  /// - Parameters:
  ///   - label: The logger's label, for the notice of dropped lines.
  ///   - format: The format of that notice.
  init(label: String, format: LogFormat) {
    self.label = label
    self.format = format
  }

  /// The number of lines that were dropped since the start.
  var droppedLines: Int { state.withLock { $0.allDropped } }

  /// Writes one line, which includes its end.
  func write(_ line: String) {
    // It may contain text from a client, which must neither start another line nor control a terminal.
    let line = PrintableText.escaped(line.hasSuffix("\n") ? line.dropLast() : line[...]) + "\n"
    let mustSchedule = state.withLock { state in
      guard state.waiting.count + line.utf8.count <= Self.limit else {
        state.dropped += 1
        state.allDropped += 1
        return false
      }
      state.waiting.append(contentsOf: line.utf8)
      defer { state.isWriting = true }
      return !state.isWriting
    }
    if mustSchedule { queue.async { [self] in writeWaiting() } }
  }

  /// Waits until the lines are written, at most for the given time. It blocks, so call it only at the end of the
  /// process.
  func flush(within limit: DispatchTimeInterval) {
    let isDone = DispatchSemaphore(value: 0)
    queue.async { isDone.signal() }
    _ = isDone.wait(timeout: .now() + limit)
  }

  private func writeWaiting() {
    while true {
      let (lines, dropped) = state.withLock { state in
        let taken = (state.waiting, state.dropped)
        (state.waiting, state.dropped) = ([], 0)
        state.isWriting = !taken.0.isEmpty
        return taken
      }
      if lines.isEmpty { return }
      // Lines are dropped when the buffer is full, so the gap comes after the buffered ones. Nothing can be done if the
      // write fails: there is no other place to report it.
      _ = writeAll(dropped == 0 ? lines : lines + Array(notice(of: dropped).utf8), to: STDERR_FILENO)
    }
  }

  private func notice(of dropped: Int) -> String {
    let text = LineBuffer()
    Logger(label: label) { format.handler(label: $0, stream: text) }
      .warning("\(dropped) lines of the log were dropped here, because they were not read in time.")
    return text.line.withLock { $0 }
  }

  /// Captures a line, so that notices about the log look like its lines.
  private final class LineBuffer: TextOutputStream, Sendable {
    let line = Mutex("")

    func write(_ text: String) {
      line.withLock { $0 += text }
    }
  }
}
