/// Values that are provided once and passed to every handler, one of each type.
struct SharedData: Sendable {
  private var values: [ObjectIdentifier: any Sendable] = [:]

  mutating func set<Value: Sendable>(_ value: Value) {
    values[ObjectIdentifier(Value.self)] = value
  }

  /// - Throws: `missing_shared_data`.
  func value<Value: Sendable>(_ type: Value.Type) throws -> Value {
    guard let value = values[ObjectIdentifier(type)] as? Value else { throw EventoError.missingSharedData(type) }
    return value
  }
}
