/// The one error of this package: a stable code for programs, and a text for people that says what is wrong and how to
/// mend it.
public struct EventoError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What kind of error it is. Open: a newer gateway may answer a code that this version does not name.
  public struct Code: RawRepresentable, Sendable, Hashable {
    public let rawValue: String

    public init(rawValue: String) {
      self.rawValue = rawValue
    }

    public static let invalidRequest = Code(rawValue: "invalid_request")
    public static let invalidJSON = Code(rawValue: "invalid_json")
    public static let invalidCursor = Code(rawValue: "invalid_cursor")
    public static let missingData = Code(rawValue: "missing_data")
    public static let unauthorized = Code(rawValue: "unauthorized")
    public static let forbidden = Code(rawValue: "forbidden")
    public static let notFound = Code(rawValue: "not_found")
    public static let eventNotFound = Code(rawValue: "event_not_found")
    public static let subscriberNotFound = Code(rawValue: "subscriber_not_found")
    public static let snapshotNotFound = Code(rawValue: "snapshot_not_found")
    public static let methodNotAllowed = Code(rawValue: "method_not_allowed")
    public static let notAcceptable = Code(rawValue: "not_acceptable")
    public static let unsupportedMediaType = Code(rawValue: "unsupported_media_type")
    public static let requestTimeout = Code(rawValue: "request_timeout")
    public static let contentTooLarge = Code(rawValue: "content_too_large")
    public static let uriTooLong = Code(rawValue: "uri_too_long")
    public static let headersTooLarge = Code(rawValue: "headers_too_large")
    public static let misdirectedRequest = Code(rawValue: "misdirected_request")
    public static let invalidOriginalVersion = Code(rawValue: "invalid_original_version")
    public static let duplicateEventID = Code(rawValue: "duplicate_event_id")
    public static let conditionFailed = Code(rawValue: "condition_failed")
    public static let cursorNotInHistory = Code(rawValue: "cursor_not_in_history")
    public static let subscriberTakenOver = Code(rawValue: "subscriber_taken_over")
    public static let expectationFailed = Code(rawValue: "expectation_failed")
    public static let notImplemented = Code(rawValue: "not_implemented")
    public static let httpVersionNotSupported = Code(rawValue: "http_version_not_supported")
    public static let `internal` = Code(rawValue: "internal")
    public static let unavailable = Code(rawValue: "unavailable")
  }

  /// What some codes tell beside their text.
  public enum Facts: Sendable, Equatable {
    case none
    /// Each thing that is wrong with a request, and where.
    case faults([Fault])
    /// Of `invalid_original_version`: `currentVersion` as stored before the write, 0 for a new aggregate.
    case versionConflict(aggregatorType: String, aggregatorID: String, givenVersion: Int, currentVersion: Int)
    /// Of `duplicate_event_id`: the first event that is to blame.
    case event(ULID)
  }

  /// One thing that is wrong with a request.
  public struct Fault: Sendable, Equatable {
    public enum Place: Sendable, Equatable {
      /// A JSON Pointer (RFC 6901) into the body.
      case pointer(String)
      /// A query parameter's name.
      case parameter(String)
    }

    public let place: Place
    public let detail: String

    public init(_ place: Place, _ detail: String) {
      self.place = place
      self.detail = detail
    }
  }

  public let code: Code
  /// What is wrong and how to mend it, in a sentence.
  public let detail: String
  public let facts: Facts
  /// What happened inside, for a log alone: it never goes to a client.
  public let cause: String?
  /// Whether the same may work another time with nothing changed, so that it makes sense to wait and try again: the
  /// store is busy, or can't be reached. Where it is false, trying again ends the same way.
  ///
  /// Of `unavailable`, `request_timeout` and `internal` it is true, where whoever throws them knows no better; of all
  /// other codes false. It does not say that nothing was done: see ``Executor``.
  public package(set) var isTransient: Bool

  /// - Parameter isTransient: left out: what the code says.
  public init(_ code: Code, _ detail: String, facts: Facts = .none, cause: String? = nil, isTransient: Bool? = nil) {
    self.code = code
    self.detail = detail
    self.facts = facts
    self.cause = cause
    self.isTransient = isTransient ?? [.unavailable, .requestTimeout, .internal].contains(code)
  }

  /// Returns the error itself if it is one of this package; of any other, which an executor or a coder of yours has thrown,
  /// an `internal` error with that one as its ``cause``.
  public init(wrapping error: any Error) {
    self =
      error as? EventoError
      ?? EventoError(.internal, "The store failed unexpectedly. See the log.", cause: "\(error)")
  }

  /// Equal in what a client sees.
  public static func == (left: EventoError, right: EventoError) -> Bool {
    left.code == right.code && left.detail == right.detail && left.facts == right.facts
  }

  public var description: String { "\(code.rawValue): \(detail)" }
}

// What every executor throws in the same words.
extension EventoError {
  /// Of a write that has no events.
  public static func missingData() -> EventoError {
    EventoError(.missingData, "The write has no events. Send at least one.")
  }

  /// Of a write that gives a version which is not its aggregate's next one.
  ///
  /// - Parameters:
  ///   - event: the first of the write that does.
  ///   - given: its version.
  ///   - current: the aggregate's version as stored before the write, 0 for none.
  ///   - next: the version that would have been right there, earlier events of the same write counted.
  public static func versionConflict(on event: NewEvent, given: Int, current: Int, next: Int) -> EventoError {
    EventoError(
      .invalidOriginalVersion,
      "Expected version \(next) for \(event.aggregatorType) \"\(event.aggregatorID)\", but got \(given). Reload the aggregate "
        + "and retry.",
      facts: .versionConflict(
        aggregatorType: event.aggregatorType, aggregatorID: event.aggregatorID, givenVersion: given,
        currentVersion: current))
  }

  /// Of a write with an id that is stored with other content, or beside others that are not, or given twice.
  ///
  /// - Parameters:
  ///   - id: of the first event that is to blame.
  ///   - why: a sentence's end, behind "Event …" and without a full stop.
  public static func duplicateEvent(_ id: ULID, _ why: String) -> EventoError {
    EventoError(.duplicateEventID, "Event \(id) \(why).", facts: .event(id))
  }

  /// Of a write whose ``WriteCondition`` does not hold.
  public static func conditionFailed() -> EventoError {
    EventoError(
      .conditionFailed,
      "An event that matches the condition has been committed. Read the events after the condition's cursor and retry.")
  }

  /// - Parameter name: what whoever sent it calls it.
  package static func damagedCursor(_ name: String = "This") -> EventoError {
    EventoError(
      .invalidCursor, "\(name) is not a valid cursor. Pass back a cursor exactly as the server returned it.")
  }

  /// Of a cursor that is whole, and names no place in this store's history.
  ///
  /// - Parameter name: as above.
  public static func cursorNotInHistory(_ name: String = "The cursor") -> EventoError {
    EventoError(
      .cursorNotInHistory,
      "\(name) is from another store, or from before this one was restored from a backup. Start from the beginning or from "
        + "another cursor, and expect to see some events again.")
  }

  /// Of a call for a subscriber that is not there.
  public static func subscriberNotFound(_ key: String) -> EventoError {
    EventoError(
      .subscriberNotFound, "No subscriber \"\(key)\". Check the key, or create the subscriber first.")
  }

  /// Of an acknowledgement by a worker that does not hold the subscriber any more.
  public static func subscriberTakenOver(_ key: String) -> EventoError {
    EventoError(
      .subscriberTakenOver,
      "Another worker holds subscriber \"\(key)\". Stop, or take it over again before you acknowledge.")
  }

  /// Of a deletion that finds no snapshot.
  public static func snapshotNotFound(_ key: SnapshotKey) -> EventoError {
    EventoError(
      .snapshotNotFound,
      "No snapshot of type \"\(key.type)\", revision \"\(key.revision)\" and id \"\(key.id)\". Check the key."
    )
  }
}

/// Ends the process if a call is not what its documentation asks for, and says which: `precondition` keeps its text to
/// itself in a release build.
func requireUse(
  _ isRight: Bool, _ rule: @autoclosure () -> String, file: StaticString = #fileID, line: UInt = #line
) {
  if !isRight { fatalError("Misuse of Evento: \(rule()).", file: file, line: line) }
}
