import Logging
import Synchronization

/// Keeps a log's lines.
final class LogRecorder: TextOutputStream, Sendable {
  private let text = Mutex("")

  func write(_ line: String) {
    text.withLock { $0 += line }
  }

  /// The lines up to now that have this text in them.
  func lines(with part: String) -> [String] {
    text.withLock { $0 }.split(separator: "\n").map(String.init).filter { $0.contains(part) }
  }

  func logger(_ level: Logger.Level = .info) -> Logger {
    var logger = Logger(label: "test") { StreamLogHandler(label: $0, stream: self) }
    logger.logLevel = level
    return logger
  }

  /// Waits until the lines with this text are enough.
  func lines(with part: String, until isEnough: ([String]) -> Bool) async throws -> [String] {
    while true {
      let lines = lines(with: part)
      if isEnough(lines) { return lines }
      try await Task.sleep(for: .milliseconds(5))
    }
  }
}

extension Logger {
  static var silent: Logger { Logger(label: "test") { _ in SwiftLogNoOpLogHandler() } }
}
