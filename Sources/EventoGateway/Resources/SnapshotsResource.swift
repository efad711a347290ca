internal import Evento
internal import EventoWire
internal import HTTPServer

/// `/snapshots/{type}/{revision}/{id}`: docs/http-api.md §7.
struct SnapshotsResource: Sendable {
  let store: Store
  let limits: WireLimits

  var resources: [Resource] {
    [
      Resource(
        "/snapshots/{type*}/{revision}/{id}",
        [
          ("GET", Operation(.read, takesQuery: true, getting)),
          ("PUT", Operation(.write, takesBody: true, .store(save))),
          ("DELETE", Operation(.admin, .store(delete))),
        ])
    ]
  }

  private var getting: Operation.Action {
    guard let reader = store.snapshotReader else { return .store(get) }
    return .callback(
      { (request) throws(EventoError) in
        let encoding = try request.encoding()
        let key = try key(request)
        return { reply in
          reader.getSnapshot(key, unless: { reply.isUnwanted }) { result in
            // Here, on the store's thread: a large payload in base64 would hold up the event loop.
            let body = result.map { $0.map { SnapshotBody.json($0, encoding) } }
            reply.send { () throws(EventoError) in try answer(key, try body.get()) }
          }
        }
      }, orWait: get)
  }

  @Sendable private func get(_ request: GatewayRequest) async throws -> Response {
    let encoding = try request.encoding()
    let key = try key(request)
    return try answer(key, try await store.executor.getSnapshot(key).map { SnapshotBody.json($0, encoding) })
  }

  private func answer(_ key: SnapshotKey, _ snapshot: [UInt8]?) throws(EventoError) -> Response {
    guard let snapshot else { throw .snapshotNotFound(key) }
    return .json(snapshot)
  }

  @Sendable private func save(_ request: GatewayRequest) async throws -> Response {
    let key = try key(request)
    let snapshot = try SnapshotBody.snapshot(request: request.body, limits: limits)
    try await naming(cursor: "/cursor") { () async throws in
      try await store.executor.saveSnapshot(key, snapshot)
    }
    return .noContent()
  }

  @Sendable private func delete(_ request: GatewayRequest) async throws -> Response {
    try await store.snapshotRemover().deleteSnapshot(try key(request))
    return .noContent()
  }

  private func key(_ request: GatewayRequest) throws(EventoError) -> SnapshotKey {
    SnapshotKey(
      type: try request.name("type"), revision: try request.name("revision"), id: try request.name("id"))
  }
}
