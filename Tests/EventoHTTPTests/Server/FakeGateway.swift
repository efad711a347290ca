import Evento
import EventoWire
import Synchronization

/// As much of a gateway as tests of the connection need: it stores events, knows them again, and counts.
final class FakeGateway: Sendable {
  private let state = Mutex(State())

  private struct State {
    var log: [(event: NewEvent, written: WrittenEvent)] = []
    var requests = 0
  }

  var ids: [ULID] { state.withLock { $0.log.map(\.written.id) } }
  var requests: Int { state.withLock { $0.requests } }

  /// The whole response to `POST /events`.
  func writeResponse(_ request: Request) -> [UInt8] {
    do {
      let write = try WriteRequest(json: request.body, limits: .unlimited)
      let (written, isResend) = state.withLock { state in
        state.requests += 1
        var isResend = true
        let written = write.events.map { event in
          let id = event.id ?? ULID()
          if let known = state.log.first(where: { $0.written.id == id }) { return known.written }
          isResend = false
          let position = UInt8(state.log.count + 1)
          let written = WrittenEvent(
            id: id, aggregatorType: event.aggregatorType, aggregatorID: event.aggregatorID,
            version: state.log.count + 1, routingKey: nil, timestamp: Timestamp(seconds: 1_700_000_000),
            cursor: Cursor(content: [position]))
          state.log.append((event, written))
          return written
        }
        return (written, isResend)
      }
      return httpResponse(isResend ? "200 OK" : "201 Created", "application/json", [], WriteResponse.json(written))
    } catch {
      return httpResponse("\(error.code.status) Error", Problem.mediaType, [], Problem.json(error))
    }
  }
}

extension NewEvent {
  static func sample(
    id: ULID? = nil, _ aggregate: String = "a-1", version: Int? = nil, data: String = #"{"amount":1}"#
  ) -> NewEvent {
    NewEvent(
      id: id, aggregatorType: "bank/Account", aggregatorID: aggregate, version: version, name: "Opened",
      data: Payload(data))
  }
}

/// What a call throws, or `nil`.
func failure(_ body: () async throws -> Void) async -> EventoError? {
  do {
    try await body()
    return nil
  } catch {
    return EventoError(wrapping: error)
  }
}
