/// What a projection's handler knows beside the event.
public struct ProjectionContext: Sendable {
  /// The id that is being loaded. An event of another aggregate has another one.
  public let id: String
  let coder: any EventCoder
  let shared: SharedData

  /// What ``Projection/data(_:)`` was given.
  ///
  /// - Throws: `missing_shared_data` where it was given nothing of this type.
  public func data<Value: Sendable>(_ type: Value.Type = Value.self) throws -> Value {
    try shared.value(type)
  }
}
