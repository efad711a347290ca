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
        + "can't be decoded as \(type): \(reason(error))")
  }

  static func unencodable(_ type: Any.Type, _ error: any Error) -> EventoError {
    EventoError(.unencodablePayload, "A value of \(type) can't be encoded: \(reason(error))")
  }

  /// Returns what a coder has thrown as a sentence that names the member: `member "lines[1].cents" is missing.`
  static func reason(_ error: any Error) -> String {
    switch error {
    case DecodingError.keyNotFound(let key, let context):
      "\(member(context.codingPath + [key])) is missing."
    case DecodingError.valueNotFound(let type, let context):
      "\(member(context.codingPath)) is null, and must be \(type)."
    case DecodingError.typeMismatch(let type, let context):
      placed(context.codingPath, context.debugDescription.isEmpty ? "Expected \(type)." : context.debugDescription)
    case DecodingError.dataCorrupted(let context): placed(context.codingPath, context.debugDescription)
    case EncodingError.invalidValue(_, let context): placed(context.codingPath, context.debugDescription)
    default: "\(error)"
    }
  }

  private static func placed(_ path: [any CodingKey], _ text: String) -> String {
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
      "\(reader) has no handler for \(event.name) of \(event.aggregatorType) (event \(event.id)): handle it, or skip it."
    )
  }

  static func missingSharedData(_ type: Any.Type) -> EventoError {
    EventoError(.missingSharedData, "There is no shared data of type \(type): give it with data(_:).")
  }
}
