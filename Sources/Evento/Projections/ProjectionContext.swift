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
