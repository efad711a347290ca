internal import Evento

/// Fails unless a condition holds.
func require(
  _ condition: Bool, _ reason: @autoclosure () -> String, fileID: String = #fileID, line: Int = #line
) throws(ConformanceFailure) {
  guard condition else { throw ConformanceFailure(reason(), fileID: fileID, line: line) }
}

/// Fails unless there is a value.
func requireValue<T>(
  _ value: T?, _ what: String, fileID: String = #fileID, line: Int = #line
) throws(ConformanceFailure) -> T {
  guard let value else { throw ConformanceFailure("\(what) is missing", fileID: fileID, line: line) }
  return value
}

/// Fails unless a value is the one expected.
func requireEqual<T: Equatable>(
  _ found: T, _ expected: T, _ what: @autoclosure () -> String, fileID: String = #fileID, line: Int = #line
) throws(ConformanceFailure) {
  guard found != expected else { return }
  throw ConformanceFailure(
    "\(what()): expected \(shortened(expected)), found \(shortened(found))", fileID: fileID, line: line)
}

/// Fails unless texts have the expected UTF-8 bytes: Swift's `==` is true for canonically equivalent ones.
func requireTexts(
  _ found: [String?], _ expected: [String?], _ what: @autoclosure () -> String, fileID: String = #fileID,
  line: Int = #line
) throws(ConformanceFailure) {
  try requireEqual(
    found.map { $0.map(Name.init(checked:)) }, expected.map { $0.map(Name.init(checked:)) }, what(), fileID: fileID,
    line: line)
}

/// Fails unless `body` throws an error with a code.
///
/// - Returns: The error.
@discardableResult
func requireError<T>(
  _ code: EventoError.Code, _ what: @autoclosure () -> String, fileID: String = #fileID, line: Int = #line,
  _ body: () async throws -> T
) async throws -> EventoError {
  do {
    _ = try await body()
  } catch let error as EventoError {
    try requireEqual(error.code.rawValue, code.rawValue, "the error of \(what())", fileID: fileID, line: line)
    return error
  }
  throw ConformanceFailure("\(what()) is not refused (\(code.rawValue))", fileID: fileID, line: line)
}

/// Returns a value as short text for a message.
private func shortened(_ value: some Any) -> String {
  let text = String(describing: value)
  return text.count <= 600 ? text : "\(text.prefix(600))… (\(text.count) characters)"
}
