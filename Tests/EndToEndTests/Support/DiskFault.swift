import Foundation
import Testing

/// Makes system calls of a gateway on one of its files fail, with `strace -e inject` (https://man7.org/linux/man-pages/man1/strace.1.html).
final class DiskFault: Sendable {
  private let process = Process()

  /// Returns once the fault is in force.
  ///
  /// - Parameters:
  ///   - injection: what fails, and how: `pread64:error=EIO:when=3`.
  ///   - file: the one file whose calls count.
  init(_ injection: String, on file: String, of processID: Int32) async throws {
    let call = injection.prefix { $0 != ":" }
    process.executableURL = URL(filePath: "/usr/bin/strace")
    process.arguments = [
      "-f", "-P", file, "-e", "trace=\(call)", "-e", "inject=\(injection)", "-p", "\(processID)",
    ]
    let errors = Pipe()
    process.standardError = errors
    try process.run()
    let lines = LineReader(errors.fileHandleForReading)
    while let line = await lines.nextLine() {
      if line.contains("attached") { return }
      try #require(!line.contains("ptrace("), "\(line)")
    }
    try #require(Bool(false), "strace ended before it was attached")
  }

  /// Ends the fault.
  func end() async {
    // It has inherited a thread's blocked signals. Its end lets the gateway go on.
    kill(process.processIdentifier, SIGKILL)
    await withCheckedContinuation { continuation in
      DispatchQueue.global().async { [process] in
        process.waitUntilExit()
        continuation.resume()
      }
    }
  }

  deinit {
    if process.isRunning { kill(process.processIdentifier, SIGKILL) }
  }
}
