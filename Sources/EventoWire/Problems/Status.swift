package import Evento

extension EventoError.Code {
  /// The status code of HTTP that stands for it (RFC 9110 §15): the one place where that is chosen.
  package var status: Int {
    switch self {
    case .invalidRequest, .invalidJSON, .invalidCursor, .missingData: 400
    case .unauthorized: 401
    case .forbidden: 403
    case .notFound, .eventNotFound, .subscriberNotFound, .snapshotNotFound: 404
    case .methodNotAllowed: 405
    case .notAcceptable: 406
    case .requestTimeout: 408
    case .invalidOriginalVersion, .duplicateEventID, .conditionFailed, .cursorNotInHistory, .subscriberTakenOver: 409
    case .contentTooLarge: 413
    case .uriTooLong: 414
    case .unsupportedMediaType: 415
    case .expectationFailed: 417
    case .misdirectedRequest: 421
    case .headersTooLarge: 431
    case .notImplemented: 501
    case .unavailable: 503
    case .httpVersionNotSupported: 505
    default: 500
    }
  }

  /// What kind of problem it is, in a few words that do not change from one occurrence to the next (RFC 9457 §3.1.3).
  package var title: String {
    let words = rawValue.split(separator: "_").joined(separator: " ")
    return switch self {
    case .invalidJSON: "Invalid JSON"
    case .duplicateEventID: "Duplicate event id"
    case .uriTooLong: "URI too long"
    case .httpVersionNotSupported: "HTTP version not supported"
    case .internal: "Internal error"
    default: words.prefix(1).uppercased() + words.dropFirst()
    }
  }
}
