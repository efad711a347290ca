/// The context of an event in a projection's handler.
public struct ProjectionContext: Sendable {
  /// The id of the aggregate being loaded. An event of another aggregate has another one.
  public let id: String
  let coder: any EventCoder
  let shared: SharedData

  /// Returns the value provided with ``Projection/data(_:)``.
  ///
  /// - Throws: `missing_shared_data` if no value of this type was provided.
  public func data<Value: Sendable>(_ type: Value.Type = Value.self) throws -> Value {
    try shared.value(type)
  }
}

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
