internal import Evento
internal import EventoWire
internal import HTTPServer

/// `/subscribers`: docs/http-api.md §6.
struct SubscribersResource: Sendable {
  let store: Store

  var resources: [Resource] {
    [
      Resource("/subscribers", [("GET", Operation(.read, takesQuery: true, .store(list)))]),
      Resource(
        "/subscribers/{key}",
        [
          ("GET", Operation(.read, .store(show))),
          ("PUT", Operation(.write, takesBody: true, .store(upsert))),
          ("PATCH", Operation(.admin, takesBody: true, .store(enable))),
          ("DELETE", Operation(.admin, .store(delete))),
        ]),
      Resource("/subscribers/{key}/cursor", [("PUT", Operation(.write, takesBody: true, .store(acknowledge)))]),
      Resource("/subscribers/{key}/workers/{worker_id}", [("GET", Operation(.read, .store(isRunning)))]),
    ]
  }

  @Sendable private func list(_ request: GatewayRequest) async throws -> Response {
    var parameters = try request.parameters()
    let page = try SubscriberPageRequest(&parameters)
    return .json(
      SubscriberAnswer.json(
        try await store.subscriberDirectory().subscribers(first: page.first, after: page.after)))
  }

  @Sendable private func show(_ request: GatewayRequest) async throws -> Response {
    let key = try request.name("key")
    guard let subscriber = try await store.subscriberDirectory().subscriber(key) else {
      throw EventoError.subscriberNotFound(key)
    }
    return .json(SubscriberAnswer.json(subscriber))
  }

  @Sendable private func upsert(_ request: GatewayRequest) async throws -> Response {
    let key = try request.name("key")
    let body = try UpsertRequest(json: request.body)
    let upsert = try await store.executor.upsertSubscriber(key, workerID: body.workerID)
    return .json(SubscriberAnswer.json(upsert.subscriber), status: upsert.isNew ? 201 : 200)
  }

  @Sendable private func acknowledge(_ request: GatewayRequest) async throws -> Response {
    let key = try request.name("key")
    let body = try AcknowledgeRequest(json: request.body)
    let subscriber = try await naming(cursor: "/cursor") { () async throws in
      try await store.executor.acknowledge(key, cursor: body.cursor, lag: body.lag, workerID: body.workerID)
    }
    return .json(SubscriberAnswer.json(subscriber))
  }

  @Sendable private func isRunning(_ request: GatewayRequest) async throws -> Response {
    let (key, worker) = (try request.name("key"), try request.ulid("worker_id"))
    return .json(SubscriberAnswer.json(isRunning: try await store.executor.isSubscriberRunning(key, workerID: worker)))
  }

  @Sendable private func enable(_ request: GatewayRequest) async throws -> Response {
    let key = try request.name("key")
    let body = try EnableRequest(json: request.body)
    let subscriber = try await store.subscriberDirectory().setSubscriberEnabled(key, body.isEnabled)
    return .json(SubscriberAnswer.json(subscriber))
  }

  @Sendable private func delete(_ request: GatewayRequest) async throws -> Response {
    try await store.subscriberDirectory().deleteSubscriber(try request.name("key"))
    return .noContent()
  }
}
