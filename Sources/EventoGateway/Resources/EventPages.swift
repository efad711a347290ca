internal import Evento
internal import EventoWire

/// Reads pages and events as the bytes of their responses.
struct EventPages: Sendable {
  let store: any CallbackExecutor
  /// The maximum size of one page, in bytes.
  let limit: Int

  /// A page as JSON.
  struct Page: Sendable {
    let json: [UInt8]
    let isEmpty: Bool
    /// The value of ``PageInfo/endCursor``.
    let end: Cursor?
  }

  private struct Builder: PageBuilder {
    var output: PageOutput

    func hasRoom(payloadBytes: Int, isJSON: Bool) -> Bool {
      output.hasRoom(payloadBytes: payloadBytes, isJSON: isJSON)
    }

    mutating func add(_ event: borrowing EventView) -> Bool { output.add(event) }

    mutating func finish(_ info: PageInfo) -> Page {
      Page(json: output.finish(info), isEmpty: output.count == 0, end: info.endCursor)
    }
  }

  typealias Completion<Value> = @Sendable (Result<Value, EventoError>) -> Void

  func page(_ read: ReadRequest, for responder: GatewayResponder, completion: @escaping Completion<Page>) {
    store.viewPage(
      read.aggregators, routingKey: read.routingKey, args: read.args, unless: { responder.isCancelled },
      into: builder(read),
      completion: completion)
  }

  func page(_ read: ReadRequest) async throws -> Page {
    try await store.viewPage(read.aggregators, routingKey: read.routingKey, args: read.args, into: builder(read))
  }

  /// Returns the page of a forward read that has found nothing up to a position.
  func emptyPage(_ read: ReadRequest, upTo end: Cursor) -> Page {
    var builder = builder(read)()
    return builder.finish(
      PageInfo(hasPreviousPage: false, hasNextPage: false, startCursor: nil, endCursor: end))
  }

  /// Finds an event. The result is `nil` if it does not exist.
  func event(
    _ id: ULID, _ encoding: PayloadEncoding, for responder: GatewayResponder, completion: @escaping Completion<[UInt8]?>
  ) {
    store.viewEvent(
      id, unless: { responder.isCancelled }, through: { ReadResponse.json($0, encoding) }, completion: completion)
  }

  private func builder(_ read: ReadRequest) -> @Sendable () -> Builder {
    let (args, encoding, limit) = (read.args, read.encoding, limit)
    return { Builder(output: PageOutput(args, encoding, limit: limit)) }
  }
}
