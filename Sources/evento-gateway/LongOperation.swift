internal import ArgumentParser
internal import ByteCoding
internal import Evento
internal import EventoSQLite
internal import Foundation
internal import Synchronization

/// Runs an operation that may take long: shows its progress on a terminal, and cancels it cleanly at a signal.
enum LongOperation {
  static let signals = [SIGINT, SIGTERM, SIGHUP]

  typealias Progress = @Sendable (Double) -> Void

  static func run<Value: Sendable>(
    _ title: String, _ body: @escaping @Sendable (@escaping Progress) async throws -> Value
  ) async throws -> Value {
    let (signals, line) = (Signals(Self.signals), ProgressLine(title))
    let work = Task { try await body { line.show($0) } }
    let received = Mutex<Int32?>(nil)
    let watching = Task {
      for await signal in signals.received {
        let isFirst = received.withLock { received in
          defer { received = signal }
          return received == nil
        }
        // A disk that does not respond may block it.
        guard isFirst else { _exit(128 + signal) }
        work.cancel()
      }
    }
    defer { watching.cancel() }
    let result = await work.result
    line.clear()
    guard let signal = received.withLock({ $0 }), case .failure(let error) = result else { return try result.get() }
    StandardError.write("\(PrintedError(error).description)\n")
    // The status that a shell reports for a process ended by a signal.
    throw ExitCode(128 + signal)
  }

  /// Prints the result.
  ///
  /// - Throws: ``ReportError`` with the text, so that it is not lost.
  static func report(_ text: String) throws {
    let line = PrintableText.escaped(text)
    do {
      try StandardOutput.print(line)
    } catch {
      throw ReportError(description: "\(line) \(error)")
    }
  }

  struct ReportError: Error, CustomStringConvertible {
    let description: String
  }
}

extension EventoError {
  /// The error of a command that continues when it is run again.
  var toContinue: EventoError {
    let detail = detail.replacing(" Retry shortly.", with: "")
    return EventoError(code, "\(detail) Run the command again to continue.", cause: cause)
  }
}

extension SQLiteExecutor.Copy {
  /// A summary for the user.
  var summary: String { "\(events.counted("event")), \(bytes) bytes" }
}

/// A line on standard error that is overwritten as the work progresses; nothing if that is not a terminal.
final class ProgressLine: Sendable {
  private let title: String
  private let isShown = isatty(STDERR_FILENO) == 1
  private let percent = Mutex(-1)

  init(_ title: String) {
    self.title = PrintableText.escaped(title)
  }

  func show(_ share: Double) {
    guard isShown else { return }
    let now = Int(max(0, min(share, 1)) * 100)
    percent.withLock { percent in
      guard now != percent else { return }
      percent = now
      write("\r\(title): \(now) %")
    }
  }

  func clear() {
    percent.withLock { percent in
      // ECMA-48 EL: erases to the end of the line.
      if percent >= 0 { write("\r\u{1B}[K") }
      percent = -1
    }
  }

  private func write(_ text: String) {
    StandardError.write(text)
  }
}
