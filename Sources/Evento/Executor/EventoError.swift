/// The error that every operation of a store throws: a stable code for programs, and a text for people that says what is
/// wrong and how to fix it.
public struct EventoError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The kind of error. The set is open: a newer gateway may return a code that this version does not name.
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
    public static let aggregatorNotFound = Code(rawValue: "aggregator_not_found")
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
    public static let damaged = Code(rawValue: "damaged")
    public static let `internal` = Code(rawValue: "internal")
    public static let unavailable = Code(rawValue: "unavailable")
  }

  /// Values that some codes have in addition to their text.
  public enum Facts: Sendable, Equatable {
    case none
    /// The errors in the fields of a request, each with its location.
    case fieldErrors([FieldError])
    /// For `invalid_original_version`: `currentVersion` as stored before the write, 0 for a new aggregate.
    case versionConflict(aggregatorType: String, aggregatorID: String, givenVersion: Int, currentVersion: Int)
    /// For `duplicate_event_id`: the first event with the error.
    case event(ULID)
  }

  /// An error in one field of a request.
  public struct FieldError: Sendable, Equatable {
    public enum Location: Sendable, Equatable {
      /// A JSON Pointer (RFC 6901) into the body.
      case pointer(String)
      /// The name of a query parameter.
      case parameter(String)
    }

    public let location: Location
    public let detail: String

    public init(_ location: Location, _ detail: String) {
      self.location = location
      self.detail = detail
    }
  }

  public let code: Code
  /// The text: what is wrong and how to fix it, in at most two sentences.
  public let detail: String
  public let facts: Facts
  /// The internal cause, for a log only: it is never sent to a client.
  public let cause: String?
  /// True if a retry with nothing changed may succeed: the store is busy, or can't be reached. If it is false, a retry
  /// ends the same way.
  ///
  /// Unless set otherwise, it is true for `unavailable`, `request_timeout` and `internal`, and false for all other
  /// codes. It does not say that nothing was done: see ``Executor``.
  public package(set) var isTransient: Bool

  /// - Parameter isTransient: The default depends on the code.
  public init(_ code: Code, _ detail: String, facts: Facts = .none, cause: String? = nil, isTransient: Bool? = nil) {
    self.code = code
    self.detail = detail
    self.facts = facts
    self.cause = cause
    self.isTransient = isTransient ?? [.unavailable, .requestTimeout, .internal].contains(code)
  }

  /// Returns the error itself if it is one of this package. Otherwise, for example for an error of your own executor or
  /// coder, returns an `internal` error with that error as its ``cause``.
  public init(wrapping error: any Error) {
    self = error as? EventoError ?? .unexpected(cause: "\(error)")
  }

  /// Compares the parts that a client sees.
  public static func == (left: EventoError, right: EventoError) -> Bool {
    left.code == right.code && left.detail == right.detail && left.facts == right.facts
  }

  public var description: String { "\(code.rawValue): \(detail)" }
}

// Errors with the same text in all executors.
extension EventoError {
  /// The error of a write without events.
  public static func missingData() -> EventoError {
    EventoError(.missingData, "The write has no events. Send at least one.")
  }

  /// The error of a write whose version is not its aggregate's next one.
  ///
  /// - Parameters:
  ///   - event: The first event of the write with such a version.
  ///   - given: Its version.
  ///   - current: The aggregate's version as stored before the write, 0 for none.
  ///   - next: The version that would have been right, with earlier events of the same write counted.
  public static func versionConflict(on event: NewEvent, given: Int, current: Int, next: Int) -> EventoError {
    EventoError(
      .invalidOriginalVersion,
      "Expected version \(next) for \(event.aggregatorType) \"\(event.aggregatorID)\", but got \(given). Reload the aggregate "
        + "and retry.",
      facts: .versionConflict(
        aggregatorType: event.aggregatorType, aggregatorID: event.aggregatorID, givenVersion: given,
        currentVersion: current))
  }

  /// The error of a write with an id that is stored with other content, is stored while other ids are not, or is given
  /// twice.
  ///
  /// - Parameters:
  ///   - id: The id of the first such event.
  ///   - why: The end of the sentence after "Event …", without a full stop.
  public static func duplicateEvent(_ id: ULID, _ why: String) -> EventoError {
    EventoError(.duplicateEventID, "Event \(id) \(why).", facts: .event(id))
  }

  /// The error of a write whose ``WriteCondition`` does not hold.
  public static func conditionFailed() -> EventoError {
    EventoError(
      .conditionFailed,
      "An event that matches the condition has been committed. Read the events after the condition's cursor and retry.")
  }

  /// The error of a database with content that the store can't have written.
  ///
  /// - Parameter cause: The details, which only a log shows.
  package static func damaged(cause: String) -> EventoError {
    EventoError(.internal, "The database is damaged. Restore its latest backup.", cause: cause)
  }

  /// An error that has no text of its own.
  ///
  /// - Parameter cause: The details, which only a log shows.
  package static func unexpected(cause: String) -> EventoError {
    EventoError(.internal, "The store failed unexpectedly. See the log.", cause: cause)
  }

  /// - Parameter name: The client's name for the cursor.
  package static func damagedCursor(_ name: String = "This") -> EventoError {
    EventoError(
      .invalidCursor, "\(name) is not a valid cursor. Pass back a cursor exactly as the server returned it.")
  }

  /// The error of a valid cursor that is not a position in this store's history.
  ///
  /// - Parameter name: The client's name for the cursor.
  public static func cursorNotInHistory(_ name: String = "The cursor") -> EventoError {
    EventoError(
      .cursorNotInHistory,
      "\(name) is from another store, or from before this one was restored from a backup or lost commits in a failover. "
        + "Start from the beginning or from another cursor, and expect to see some events again.")
  }

  /// The error of a call for a subscriber that does not exist.
  public static func subscriberNotFound(_ key: String) -> EventoError {
    EventoError(
      .subscriberNotFound, "No subscriber \"\(key)\". Check the key, or create the subscriber first.")
  }

  /// The error of an acknowledgement by a worker that no longer holds the subscriber.
  public static func subscriberTakenOver(_ key: String) -> EventoError {
    EventoError(
      .subscriberTakenOver,
      "Another worker holds subscriber \"\(key)\". Stop, or take it over again before you acknowledge.")
  }

  /// The error of the deletion of a snapshot that does not exist.
  public static func snapshotNotFound(_ key: SnapshotKey) -> EventoError {
    EventoError(
      .snapshotNotFound,
      "No snapshot of type \"\(key.type)\", revision \"\(key.revision)\" and id \"\(key.id)\". Check the key."
    )
  }

  /// The error of the erasure of an aggregate without events.
  public static func aggregatorNotFound(type: String, id: String) -> EventoError {
    EventoError(.aggregatorNotFound, "No events of \(type) \"\(id)\". Check the type and the id.")
  }

  /// The error of a read or write that was cancelled before it began.
  package static let requestDropped = EventoError(
    .unavailable, "The request was cancelled before it began.", isTransient: false)

  /// The error of a request that a closing store refuses.
  package static let storeClosed = EventoError(
    .unavailable, "The store is shutting down. Retry after it has restarted.", isTransient: false)
}

/// Ends the process with a text if a call violates its documentation: `precondition` does not print its text in a
/// release build.
func requireUse(
  _ isRight: Bool, _ rule: @autoclosure () -> String, file: StaticString = #fileID, line: UInt = #line
) {
  if !isRight { fatalError("Misuse of Evento: \(rule()).", file: file, line: line) }
}
