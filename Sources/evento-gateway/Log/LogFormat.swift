internal import ArgumentParser
internal import Logging

/// The format of the log.
enum LogFormat: String, CaseIterable, Sendable, ExpressibleByArgument {
  case text
  /// A JSON object per line.
  case json

  func handler(label: String, stream: any TextOutputStream & Sendable) -> any LogHandler {
    switch self {
    case .text: StreamLogHandler(label: label, stream: stream)
    case .json: JSONLogHandler(label: label, stream: stream)
    }
  }
}
