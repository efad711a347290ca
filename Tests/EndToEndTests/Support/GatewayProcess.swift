import Foundation
import TestSupport
import Testing

/// The real command, started as people start it.
final class GatewayProcess: Sendable {
  /// What it has printed, and how it ended.
  struct Outcome: Sendable {
    let status: Int32
    let isKilled: Bool
    let output: String
    let errors: String
  }

  private let process: Process
  let announcement: String
  private let output: LineReader
  private let errors: LineReader

  /// Beside the tests in the folder of the build.
  private static func executable(_ command: String) throws -> URL {
    let folder = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
    let file = folder.appending(path: command)
    try #require(FileManager.default.isExecutableFile(atPath: file.path()), "no \(file.path())")
    return file
  }

  private static func prepared(
    _ arguments: [String], _ environment: [String: String], command: String = "evento-gateway"
  ) throws -> (Process, LineReader, LineReader) {
    let process = Process()
    process.executableURL = try executable(command)
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("EVENTO_") }
      .merging(environment) { $1 }
    let (output, errors) = (Pipe(), Pipe())
    process.standardOutput = output
    process.standardError = errors
    return (process, LineReader(output.fileHandleForReading), LineReader(errors.fileHandleForReading))
  }

  /// Runs it, or another command of the package, to its end.
  static func run(
    _ arguments: [String], environment: [String: String] = [:], command: String = "evento-gateway"
  ) async throws -> Outcome {
    let (process, output, errors) = try prepared(arguments, environment, command: command)
    try process.run()
    return await outcome(process, output, errors)
  }

  /// Starts `serve` on a free port, and waits until it listens.
  init(_ arguments: [String], environment: [String: String] = [:]) async throws {
    let (process, output, errors) = try Self.prepared(["serve"] + arguments, environment)
    try process.run()
    self.process = process
    self.output = output
    self.errors = errors
    guard let line = await output.nextLine() else {
      let outcome = await Self.outcome(process, output, errors)
      throw RawConnection.Failure(description: "it ended with \(outcome.status): \(outcome.errors)")
    }
    announcement = line
  }

  deinit {
    if process.isRunning { kill(process.processIdentifier, SIGKILL) }
  }

  /// The port that it says it listens on.
  var client: HTTPClient {
    get throws {
      let match = try #require(announcement.firstMatch(of: /http:\/\/127\.0\.0\.1:([0-9]+)/), "\(announcement)")
      return HTTPClient(port: try #require(UInt16(match.1)))
    }
  }

  func send(_ signal: Int32) {
    kill(process.processIdentifier, signal)
  }

  /// Waits for its end.
  func outcome() async -> Outcome {
    await Self.outcome(process, output, errors)
  }

  /// Waits for a line on standard error that has this text in it.
  func waitForLog(_ text: String) async throws {
    while let line = await errors.nextLine() {
      if line.contains(text) { return }
    }
    throw RawConnection.Failure(description: "it ended without \"\(text)\" in its log")
  }

  private static func outcome(_ process: Process, _ output: LineReader, _ errors: LineReader) async -> Outcome {
    await withCheckedContinuation { continuation in
      DispatchQueue.global().async {
        process.waitUntilExit()
        continuation.resume()
      }
    }
    return Outcome(
      status: process.terminationStatus, isKilled: process.terminationReason == .uncaughtSignal,
      output: await output.rest(), errors: await errors.rest())
  }
}

/// The lines of a pipe, read on a thread of their own so that the pipe never fills up.
private final class LineReader: Sendable {
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
