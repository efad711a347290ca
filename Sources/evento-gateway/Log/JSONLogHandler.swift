internal import ByteCoding
internal import Evento
internal import Logging

/// Writes each entry of a log as a JSON object on one line. Its metadata are further members.
struct JSONLogHandler: LogHandler {
  private let label: String
  private let stream: any TextOutputStream & Sendable
  var metadataProvider: Logger.MetadataProvider?
  var logLevel = Logger.Level.info
  var metadata: Logger.Metadata = [:]

  init(label: String, stream: any TextOutputStream & Sendable) {
    self.label = label
    self.stream = stream
  }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    var line = JSONLogLine(level: "\(event.level)", label: label, message: event.message.description)
    line.add("source", event.source)
    if let error = event.error { line.add("error", "\(error)") }
    let all = metadata.merging(metadataProvider?.get() ?? [:]) { $1 }.merging(event.metadata ?? [:]) { $1 }
    for (name, value) in all.sorted(by: { $0.key < $1.key }) { line.add(name, value) }
    var stream = stream
    stream.write(line.finish())
  }
}

/// A line of the log, being written as a JSON object.
///
/// Every string is escaped so that ``LogOutput`` has nothing to escape: that would make the JSON invalid.
struct JSONLogLine {
  private var json = JSONWriter(capacity: 512)

  /// The names of the first members. Metadata of one of these names gets a prefix, so that no member occurs twice.
  private static let reserved: Set<String> = ["time", "level", "logger", "message", "source", "error"]

  init(level: String, label: String, message: String) {
    json.write(json: "{\"time\":")
    json.write(plainString: RFC3339.text(milliseconds: Timestamp.now().clamped.milliseconds))
    add("level", level)
    add("logger", label)
    add("message", message)
  }

  mutating func add(_ name: String, _ text: String) {
    addName(name)
    json.write(printableString: text)
  }

  mutating func add(_ name: String, orNull text: String?) {
    addName(name)
    if let text { json.write(printableString: text) } else { json.write(json: "null") }
  }

  mutating func add(_ name: String, orNull number: Int64?) {
    addName(name)
    if let number { json.write(integer: number) } else { json.write(json: "null") }
  }

  mutating func add(_ name: String, _ flag: Bool) {
    addName(name)
    json.write(boolean: flag)
  }

  mutating func add(_ name: String, _ value: Logger.Metadata.Value) {
    addName(Self.reserved.contains(name) ? "metadata_\(name)" : name)
    write(value)
  }

  private mutating func write(_ value: Logger.Metadata.Value) {
    switch value {
    case .string(let text): json.write(printableString: text)
    case .stringConvertible(let value): json.write(printableString: value.description)
    case .array(let values):
      json.write(json: "[")
      for (index, value) in values.enumerated() {
        if index > 0 { json.write(json: ",") }
        write(value)
      }
      json.write(json: "]")
    case .dictionary(let members):
      json.write(json: "{")
      for (index, member) in members.sorted(by: { $0.key < $1.key }).enumerated() {
        if index > 0 { json.write(json: ",") }
        json.write(printableString: member.key)
        json.write(json: ":")
        write(member.value)
      }
      json.write(json: "}")
    }
  }

  private mutating func addName(_ name: String) {
    json.write(json: ",")
    json.write(printableString: name)
    json.write(json: ":")
  }

  /// Returns the line with its end.
  mutating func finish() -> String {
    json.write(json: "}\n")
    return String(decoding: json.take(), as: UTF8.self)
  }
}
