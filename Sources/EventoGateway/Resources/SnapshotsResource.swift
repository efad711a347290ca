internal import Evento
internal import EventoWire
internal import HTTPServer

/// `/snapshots/{type}/{revision}/{id}`: docs/http-api.md §7.
struct SnapshotsResource: Sendable {
  let executor: any Executor
  let store: any CallbackExecutor
  let limits: WireLimits

  var routes: [Route] {
    [
      Route(
        "/snapshots/{type*}/{revision}/{id}",
        [
          ("GET", Operation(.read, takesQuery: true, isCompressible: true, get)),
          ("PUT", Operation(.write, takesBody: true, save)),
          ("DELETE", Operation(.admin, delete)),
        ])
    ]
  }

  @Sendable private func get(_ request: GatewayRequest) throws(EventoError) -> ResponsePlan {
    let encoding = try request.encoding()
    let key = try key(request)
    return .callback { [store] responder in
      store.getSnapshot(key, unless: { responder.isCancelled }) { result in
        // On the store's thread, because encoding a large payload in base64 would block the event loop.
        let body = result.map { $0.map { SnapshotBody.json($0, encoding) } }
        responder.send { () throws(EventoError) in
          guard let json = try body.get() else { throw .snapshotNotFound(key) }
          return .json(json)
        }
      }
    }
  }

  @Sendable private func save(_ request: GatewayRequest) throws(EventoError) -> ResponsePlan {
    let key = try key(request)
    let snapshot = try SnapshotBody.snapshot(request: request.body, limits: limits)
    return .task { _ in
      try await naming(cursor: "/cursor") { () async throws in try await executor.saveSnapshot(key, snapshot) }
      return .noContent()
    }
  }

  @Sendable private func delete(_ request: GatewayRequest) throws(EventoError) -> ResponsePlan {
    let key = try key(request)
    return .task { _ in
      try await executor.deleteSnapshot(key)
      return .noContent()
    }
  }

  private func key(_ request: GatewayRequest) throws(EventoError) -> SnapshotKey {
    SnapshotKey(
      type: try request.name("type"), revision: try request.name("revision"), id: try request.name("id"))
  }
}
