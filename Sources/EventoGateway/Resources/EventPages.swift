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

  typealias Completion<Value> = @Sendable (Result<Value, EventoError>) -> Void

  /// What reads without a task; `nil` where the store has no such way.
  var viewer: Viewer? { store.viewer.map { Viewer(store: $0, limit: limit) } }

  struct Viewer: Sendable {
    fileprivate let store: any EventViewer
    fileprivate let limit: Int

    func page(_ read: ReadRequest, completion: @escaping Completion<Page>) {
      let (args, encoding, limit) = (read.args, read.encoding, limit)
      store.viewPage(
        read.aggregators, routingKey: read.routingKey, args: args,
        through: { show in
          var output = PageOutput(args, encoding, limit: limit)
          let info = try show { output.add($0) }
          return Page(json: output.finish(info), isEmpty: output.count == 0, end: info.endCursor)
        }, completion: completion)
    }

    func event(_ id: ULID, _ encoding: PayloadEncoding, completion: @escaping Completion<[UInt8]?>) {
      store.viewEvent(id, through: { EventoWire.Page.json($0, encoding) }, completion: completion)
    }
  }

  func page(_ read: ReadRequest) async throws(EventoError) -> Page {
    if let viewer {
      return try await withCheckedContinuation { continuation in
        viewer.page(read) { continuation.resume(returning: $0) }
      }.get()
    }
    let page = try await store.executor.read(read.aggregators, routingKey: read.routingKey, args: read.args)
    return Page(
      json: EventoWire.Page.json(page, read.encoding, args: read.args, limit: limit), isEmpty: page.edges.isEmpty,
      end: page.pageInfo.endCursor)
  }

  /// - Returns: `nil` where there is none.
  func event(_ id: ULID, _ encoding: PayloadEncoding) async throws(EventoError) -> [UInt8]? {
    try await store.eventLookup().event(id).map { EventoWire.Page.json($0, encoding) }
  }
}
