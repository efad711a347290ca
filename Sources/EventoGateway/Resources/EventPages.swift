internal import Evento
internal import EventoWire

/// Reads pages and events, as the bytes that are their answer.
///
/// A store that shows its events where they lie has them written out there; from any other, values are read first.
struct EventPages: Sendable {
  let store: Store
  /// Bytes of one answer.
  let limit: Int

  /// A page as it is answered.
  struct Page: Sendable {
    let json: [UInt8]
    let isEmpty: Bool
    /// ``PageInfo/endCursor``.
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

  /// What reads without a task; `nil` where the store has no such way.
  var viewer: Viewer? { store.viewer.map { Viewer(store: $0, pages: self) } }

  struct Viewer: Sendable {
    fileprivate let store: any EventViewer
    fileprivate let pages: EventPages

    func page(_ read: ReadRequest, for reply: Reply, completion: @escaping Completion<Page>) {
      store.viewPage(
        read.aggregators, routingKey: read.routingKey, args: read.args, unless: { reply.isUnwanted },
        into: pages.builder(read), completion: completion)
    }

    func event(
      _ id: ULID, _ encoding: PayloadEncoding, for reply: Reply, completion: @escaping Completion<[UInt8]?>
    ) {
      store.viewEvent(
        id, unless: { reply.isUnwanted }, through: { EventoWire.Page.json($0, encoding) }, completion: completion)
    }
  }

  func page(_ read: ReadRequest) async throws -> Page {
    try await store.executor.viewPage(
      read.aggregators, routingKey: read.routingKey, args: read.args, into: builder(read))
  }

  /// The page of a read forward that has found nothing up to a place.
  func emptyPage(_ read: ReadRequest, upTo place: Cursor) -> Page {
    var builder = builder(read)()
    return builder.finish(
      PageInfo(hasPreviousPage: false, hasNextPage: false, startCursor: nil, endCursor: place))
  }

  /// - Returns: `nil` where there is none.
  func event(_ id: ULID, _ encoding: PayloadEncoding) async throws -> [UInt8]? {
    try await store.eventLookup().event(id).map { EventoWire.Page.json($0, encoding) }
  }

  private func builder(_ read: ReadRequest) -> @Sendable () -> Builder {
    let (args, encoding, limit) = (read.args, read.encoding, limit)
    return { Builder(output: PageOutput(args, encoding, limit: limit)) }
  }
}
