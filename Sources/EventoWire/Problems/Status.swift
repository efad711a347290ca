package import Evento

extension EventoError.Code {
  /// The HTTP status code (RFC 9110 §15): the only place where it is chosen.
  package var status: Int {
    switch self {
    case .invalidRequest, .invalidJSON, .invalidCursor, .missingData: 400
    case .unauthorized: 401
    case .forbidden: 403
    case .notFound, .eventNotFound, .subscriberNotFound, .snapshotNotFound, .aggregatorNotFound: 404
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

  /// The kind of error in a few words, the same each time (RFC 9457 §3.1.3).
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
