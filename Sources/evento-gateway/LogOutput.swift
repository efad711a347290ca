internal import Dispatch
internal import Foundation
internal import Logging
internal import Synchronization

/// Standard error, as the place where the log goes: whoever logs never waits for whoever reads.
///
/// Lines are written on a queue of their own. Where nobody takes them in time, those that are too many are dropped, and
/// then it is said how many were.
final class LogOutput: TextOutputStream, Sendable {
  private struct State {
    var waiting: [UInt8] = []
    var dropped = 0
    var isWriting = false
  }

  private let label: String
  private let queue = DispatchQueue(label: "log")
  private let state = Mutex(State())

  /// Bytes of lines that wait. As many again may be about to be written.
  private static let limit = 1 << 20

  /// - Parameter label: of the logger, for what is said of dropped lines.
  init(label: String) {
    self.label = label
  }

  /// Takes one line, with its end.
  func write(_ line: String) {
    // What a client sent may be in it, and must neither make another line nor steer a terminal.
    let line = TerminalText.escaped(line.hasSuffix("\n") ? line.dropLast() : line[...]) + "\n"
    let mustSchedule = state.withLock { state in
      guard state.waiting.count + line.utf8.count <= Self.limit else {
        state.dropped += 1
        return false
      }
      state.waiting.append(contentsOf: line.utf8)
      defer { state.isWriting = true }
      return !state.isWriting
    }
    if mustSchedule { queue.async { [self] in writeWaiting() } }
  }

  /// Waits until what was taken has been written, at most so long. It blocks: for when nothing else goes on any more.
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
      // Lines are dropped once no more may wait, so that the gap is behind those that did.
      // What can't be written is lost: there is no other place to report that.
      _ = writeAll(dropped == 0 ? lines : lines + Array(notice(of: dropped).utf8), to: STDERR_FILENO)
    }
  }

  private func notice(of dropped: Int) -> String {
    let text = LineBuffer()
    Logger(label: label) { StreamLogHandler(label: $0, stream: text) }
      .warning("Lines of the log were dropped here, for nobody took them in time: \(dropped).")
    return text.line.withLock { $0 }
  }

  /// Keeps a line, so that what is said of the log looks like what is in it.
  private final class LineBuffer: TextOutputStream, Sendable {
    let line = Mutex("")

    func write(_ text: String) {
      line.withLock { $0 += text }
    }
  }
}
