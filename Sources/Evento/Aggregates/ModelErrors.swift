extension EventoError.Code {
  /// The payload can't be decoded as the type for its event's name. Only this library throws it, never a store.
  public static let undecodablePayload = Self(rawValue: "undecodable_payload")
  /// The value can't be encoded as a payload. Only this library throws it, never a store.
  public static let unencodablePayload = Self(rawValue: "unencodable_payload")
  /// A safety check found an event without a handler. Only this library throws it, never a store.
  public static let unhandledEvent = Self(rawValue: "unhandled_event")
  /// A handler used shared data that was not provided. Only this library throws it, never a store.
  public static let missingSharedData = Self(rawValue: "missing_shared_data")
}

extension EventoError {
  static func undecodable(_ event: Event, as type: Any.Type, _ error: any Error) -> EventoError {
    EventoError(
      .undecodablePayload,
      "Event \(event.id) (\(event.name), version \(event.version) of \(event.aggregatorType) \(event.aggregatorID)) "
        + "can't be decoded as \(type): \(reason(error))")
  }

  static func unencodable(_ type: Any.Type, _ error: any Error) -> EventoError {
    EventoError(.unencodablePayload, "A value of \(type) can't be encoded: \(reason(error))")
  }

  /// Returns a sentence for a coder's error that names the member: `member "lines[1].cents" is missing.`
  static func reason(_ error: any Error) -> String {
    switch error {
    case DecodingError.keyNotFound(let key, let context):
      "\(member(context.codingPath + [key])) is missing."
    case DecodingError.valueNotFound(let type, let context):
      "\(member(context.codingPath)) is null, but must be \(type)."
    case DecodingError.typeMismatch(let type, let context):
      located(context.codingPath, context.debugDescription.isEmpty ? "Expected \(type)." : context.debugDescription)
    case DecodingError.dataCorrupted(let context): located(context.codingPath, context.debugDescription)
    case EncodingError.invalidValue(_, let context): located(context.codingPath, context.debugDescription)
    default: "\(error)"
    }
  }

  private static func located(_ path: [any CodingKey], _ text: String) -> String {
    path.isEmpty ? text : "\(member(path)): \(text)"
  }

  private static func member(_ path: [any CodingKey]) -> String {
    let text = path.reduce(into: "") { text, key in
      if let index = key.intValue {
        text += "[\(index)]"
      } else {
        text += text.isEmpty ? key.stringValue : ".\(key.stringValue)"
      }
    }
    return text.isEmpty ? "the payload" : "member \"\(text)\""
  }

  static func unhandled(_ event: Event, by reader: String) -> EventoError {
    EventoError(
      .unhandledEvent,
      "\(reader) has no handler for \(event.name) of \(event.aggregatorType) (event \(event.id)). Handle it or skip it."
    )
  }

  static func missingSharedData(_ type: Any.Type) -> EventoError {
    EventoError(.missingSharedData, "No shared data of type \(type). Provide it with data(_:).")
  }
}
