internal import ByteCoding
internal import Evento
internal import EventoGateway
internal import Foundation
internal import Synchronization

/// Writes a line to the log for each request.
///
/// It is written by hand, and not by a `Logger`, which would take several times as long on the thread that serves
/// connections.
final class AccessLog: Sendable {
  private let label: String
  private let format: LogFormat
  private let output: LogOutput
  /// The latest second, and its text in the format of `StreamLogHandler`.
  private let second = Mutex((number: -1, text: ""))

  init(label: String, format: LogFormat, output: LogOutput) {
    self.label = label
    self.format = format
    self.output = output
  }

  func add(_ entry: AccessLogEntry) {
    output.write(format == .json ? json(entry) : text(entry))
  }

  private static func message(_ entry: AccessLogEntry) -> String {
    "\(entry.method ?? "-") \(entry.path ?? "-") \(entry.status?.description ?? "-")"
  }

  private static func microseconds(_ entry: AccessLogEntry) -> Int64? {
    entry.duration.map { Int64($0 / .microseconds(1)) }
  }

  // MARK: JSON

  private func json(_ entry: AccessLogEntry) -> String {
    var line = JSONLogLine(level: "info", label: label, message: Self.message(entry))
    line.add("source", Self.source)
    line.add("request_id", entry.requestID)
    line.add("client", entry.client)
    line.add("token", orNull: entry.token)
    line.add("method", orNull: entry.method)
    line.add("path", orNull: entry.path)
    line.add("route", orNull: entry.route)
    line.add("status", orNull: entry.status.map { Int64($0) })
    line.add("duration_us", orNull: Self.microseconds(entry))
    line.add("request_bytes", orNull: Int64(entry.requestBytes))
    line.add("response_bytes", orNull: Int64(entry.responseBytes))
    line.add("complete", entry.isComplete)
    if let code = entry.code { line.add("code", code.rawValue) }
    if let cause = entry.cause { line.add("cause", cause) }
    if let trace = entry.traceID { line.add("trace_id", trace) }
    return line.finish()
  }

  private static let source = "access"

  // MARK: Text

  /// Like a line of `StreamLogHandler`: the pairs are sorted by name.
  private func text(_ entry: AccessLogEntry) -> String {
    var line = "\(timestamp()) info \(label):"
    func add(_ name: String, _ value: String?) { line += " \(name)=\(value.map(Self.value) ?? "-")" }
    if let cause = entry.cause { add("cause", cause) }
    add("client", entry.client)
    if let code = entry.code { add("code", code.rawValue) }
    add("complete", entry.isComplete.description)
    add("duration_us", Self.microseconds(entry)?.description)
    add("request_bytes", entry.requestBytes.description)
    add("request_id", entry.requestID)
    add("response_bytes", entry.responseBytes.description)
    add("route", entry.route)
    add("token", entry.token)
    if let trace = entry.traceID { add("trace_id", trace) }
    return line + " [\(Self.source)] \(Self.message(entry))\n"
  }

  /// Returns a value that ends at the next blank: as it is, or as a JSON string.
  private static func value(_ text: String) -> String {
    if !text.isEmpty, text.utf8.allSatisfy({ 0x21...0x7E ~= $0 && $0 != UInt8(ascii: "\"") }) { return text }
    var json = JSONWriter()
    json.write(printableString: text)
    return String(decoding: json.take(), as: UTF8.self)
  }

  private func timestamp() -> String {
    var now = time(nil)
    return second.withLock { second in
      guard second.number != now else { return second.text }
      var (local, buffer) = (tm(), [CChar](repeating: 0, count: 32))
      localtime_r(&now, &local)
      strftime(&buffer, buffer.count, "%Y-%m-%dT%H:%M:%S%z", &local)
      second = (now, String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self))
      return second.text
    }
  }
}
