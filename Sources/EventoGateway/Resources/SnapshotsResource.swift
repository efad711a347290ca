internal import Evento
internal import EventoWire
internal import HTTPServer

/// `/snapshots/{type}/{revision}/{id}`: contract §6.
struct SnapshotsResource: Sendable {
  let store: Store
  let limits: WireLimits

  var resources: [Resource] {
    [
      Resource(
        "/snapshots/{type*}/{revision}/{id}",
        [
          ("GET", Operation(.read, takesQuery: true, .store(get))),
          ("PUT", Operation(.write, takesBody: true, .store(save))),
          ("DELETE", Operation(.admin, .store(delete))),
        ])
    ]
  }

  @Sendable private func get(_ request: GatewayRequest) async throws(EventoError) -> Response {
    let encoding = try request.encoding()
    let key = try key(request)
    guard let snapshot = try await store.executor.getSnapshot(key) else {
      throw .snapshotNotFound(key)
    }
    return .json(SnapshotBody.json(snapshot, encoding))
  }

  @Sendable private func save(_ request: GatewayRequest) async throws(EventoError) -> Response {
    let key = try key(request)
    try await store.executor.saveSnapshot(key, try SnapshotBody.snapshot(request: request.body, limits: limits))
    return .noContent()
  }

  @Sendable private func delete(_ request: GatewayRequest) async throws(EventoError) -> Response {
    try await store.snapshotRemover().deleteSnapshot(try key(request))
    return .noContent()
  }

  private func key(_ request: GatewayRequest) throws(EventoError) -> SnapshotKey {
    SnapshotKey(
      type: try request.name("type"), revision: try request.name("revision"), id: try request.name("id"))
  }
}
