extension EventoError.Code {
  /// A payload can't be decoded as the type that its event's name stands for. Only this library says so, never a store.
  public static let undecodablePayload = Self(rawValue: "undecodable_payload")
  /// A value can't be encoded into a payload. Only this library says so, never a store.
  public static let unencodablePayload = Self(rawValue: "unencodable_payload")
  /// A safety check found an event that nothing handles. Only this library says so, never a store.
  public static let unhandledEvent = Self(rawValue: "unhandled_event")
  /// A handler asked for shared data that nobody gave. Only this library says so, never a store.
  public static let missingSharedData = Self(rawValue: "missing_shared_data")
}

extension EventoError {
  static func undecodable(_ event: Event, as type: Any.Type, _ error: any Error) -> EventoError {
    EventoError(
      .undecodablePayload,
      "Event \(event.id) (\(event.name), version \(event.version) of \(event.aggregatorType) \(event.aggregatorID)) "
        + "can't be decoded as \(type): \(error)")
  }

  static func unencodable(_ type: Any.Type, _ error: any Error) -> EventoError {
    EventoError(.unencodablePayload, "A value of \(type) can't be encoded: \(error)")
  }

  static func unhandled(_ event: Event, by reader: String) -> EventoError {
    EventoError(
      .unhandledEvent,
      "\(reader) has no handler for \(event.name) of \(event.aggregatorType) (event \(event.id)): handle it, or skip it."
    )
  }

  static func missingSharedData(_ type: Any.Type) -> EventoError {
    EventoError(.missingSharedData, "There is no shared data of type \(type): give it with data(_:).")
  }
}
