import Foundation
import TestSupport
import Testing

/// A command of the package, started as people start it.
final class CommandProcess: Sendable {
  /// What it has printed, and how it ended.
  struct Outcome: Sendable {
    let status: Int32
    let isKilled: Bool
    let output: String
    let errors: String
  }

  private let process: Process
  private let output: LineReader?
  private let errors: LineReader?
  private let unread: FileHandle?
  private let terminal: FileHandle?

  /// Beside the tests in the folder of the build.
  private static func executable(_ command: String) throws -> URL {
    let folder = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
    let file = folder.appending(path: command)
    try #require(FileManager.default.isExecutableFile(atPath: file.path()), "no \(file.path())")
    return file
  }

  /// What becomes of what it writes to standard error.
  enum Errors {
    case read
    /// Nothing, for the pipe is closed at the other end.
    case refused
    /// It stays in the pipe, until there is no room.
    case unread
    /// It is a terminal, which is read, and so is standard input.
    case terminal
  }

  /// Starts it.
  ///
  /// - Parameters:
  ///   - isRead: whether anybody reads what it prints; else the pipe is closed at the other end.
  ///   - shell: what a shell has before the command, such as `umask 077; exec`.
  ///   - redirections: what it has behind the command, such as `2>/dev/full`.
  init(
    _ arguments: [String], environment: [String: String] = [:], command: String = "evento-gateway",
    isRead: Bool = true, errors kind: Errors = .read, shell: String? = nil, redirections: String = ""
  ) throws {
    process = Process()
    let executable = try Self.executable(command)
    if shell != nil || !redirections.isEmpty {
      process.executableURL = URL(filePath: "/bin/sh")
      process.arguments =
        ["-c", "\(shell ?? "exec") \"$0\" \"$@\" \(redirections)", executable.path()] + arguments
    } else {
      process.executableURL = executable
      process.arguments = arguments
    }
    process.environment = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("EVENTO_") }
      .merging(environment) { $1 }
    let (output, errors) = (Pipe(), Pipe())
    let terminal = kind == .terminal ? try Terminal() : nil
    process.standardOutput = output
    process.standardError = terminal?.command ?? errors
    if let terminal { process.standardInput = terminal.command }
    self.terminal = terminal?.reader
    self.output = isRead ? LineReader(output.fileHandleForReading) : nil
    if !isRead { try output.fileHandleForReading.close() }
    self.errors = (terminal?.reader ?? (kind == .read ? errors.fileHandleForReading : nil)).map { LineReader($0) }
    if kind == .refused { try errors.fileHandleForReading.close() }
    unread = kind == .unread ? errors.fileHandleForReading : nil
    try process.run()
    // Its end shows once nobody has the other side any more.
    try terminal?.command.close()
  }

  deinit {
    if process.isRunning { kill(process.processIdentifier, SIGKILL) }
  }

  #if os(Linux)
    /// Whether a signal does anything else than to end it: it is blocked, ignored or caught (proc_pid_status(5)).
    func handles(_ signal: Int32) -> Bool {
      guard let status = try? String(contentsOfFile: "/proc/\(process.processIdentifier)/status", encoding: .utf8)
      else {
        return false
      }
      return status.matches(of: /Sig(?:Blk|Ign|Cgt):\s+([0-9a-f]+)/).contains { match in
        (UInt64(match.output.1, radix: 16) ?? 0) & 1 << UInt64(signal - 1) != 0
      }
    }

    /// Returns true if it has a file open (proc_pid_fd(5)).
    func hasOpened(_ path: String) -> Bool {
      let folder = "/proc/\(process.processIdentifier)/fd"
      let file = URL(filePath: path).resolvingSymlinksInPath().path()
      let descriptors = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
      return descriptors.contains {
        (try? FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/\($0)")) == file
      }
    }
  #endif

  var processID: Int32 { process.processIdentifier }

  func send(_ signal: Int32) {
    kill(process.processIdentifier, signal)
  }

  /// Types text on its terminal.
  func type(_ text: String) throws {
    try terminal?.write(contentsOf: Data(text.utf8))
  }

  /// The next line that it prints; `nil` where there is none any more.
  func nextLine() async -> String? {
    await output?.nextLine()
  }

  /// Waits for a line on standard error that has this text in it.
  func waitForLog(_ text: String) async throws {
    while let line = await errors?.nextLine() {
      if line.contains(text) { return }
    }
    throw RawConnection.Failure(description: "it ended without \"\(text)\" in its log")
  }

  /// Waits for its end.
  func outcome() async -> Outcome {
    await withCheckedContinuation { continuation in
      DispatchQueue.global().async { [process] in
        process.waitUntilExit()
        continuation.resume()
      }
    }
    return Outcome(
      status: process.terminationStatus, isKilled: process.terminationReason == .uncaughtSignal,
      output: await output?.rest() ?? "", errors: await errors?.rest() ?? "")
  }

  /// What is in the pipe that nobody has read yet, and what comes while it is read, to the end.
  func readUnread() throws -> LineReader {
    LineReader(try #require(unread))
  }
}
