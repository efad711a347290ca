internal import Evento
internal import EventoWire
internal import HTTPServer

/// `/subscribers`: docs/http-api.md §6.
struct SubscribersResource: Sendable {
  let executor: any Executor

  var routes: [Route] {
    [
      Route("/subscribers", [("GET", Operation(.read, takesQuery: true, list))]),
      Route(
        "/subscribers/{key}",
        [
          ("GET", Operation(.read, get)),
          ("PUT", Operation(.write, takesBody: true, upsert)),
          ("PATCH", Operation(.admin, takesBody: true, enable)),
          ("DELETE", Operation(.admin, delete)),
        ]),
      Route("/subscribers/{key}/cursor", [("PUT", Operation(.write, takesBody: true, acknowledge))]),
      Route("/subscribers/{key}/workers/{worker_id}", [("GET", Operation(.read, isRunning))]),
    ]
  }

  @Sendable private func list(_ request: GatewayRequest) throws(EventoError) -> ResponsePlan {
    var parameters = try request.parameters()
    let page = try SubscriberPageRequest(&parameters)
    return .task { _ in
      .json(SubscriberResponse.json(try await executor.subscribers(first: page.first, after: page.after)))
    }
  }

  @Sendable private func get(_ request: GatewayRequest) throws(EventoError) -> ResponsePlan {
    let key = try request.name("key")
    return .task { _ in
      guard let subscriber = try await executor.subscriber(key) else { throw EventoError.subscriberNotFound(key) }
      return .json(SubscriberResponse.json(subscriber))
    }
  }

  @Sendable private func upsert(_ request: GatewayRequest) throws(EventoError) -> ResponsePlan {
    let key = try request.name("key")
    let body = try UpsertRequest(json: request.body)
    return .task { _ in
      let upsert = try await executor.upsertSubscriber(key, workerID: body.workerID)
      return .json(SubscriberResponse.json(upsert.subscriber), status: upsert.isNew ? 201 : 200)
    }
  }

  @Sendable private func acknowledge(_ request: GatewayRequest) throws(EventoError) -> ResponsePlan {
    let key = try request.name("key")
    let body = try AcknowledgeRequest(json: request.body)
    return .task { _ in
      let subscriber = try await naming(cursor: "/cursor") { () async throws in
        try await executor.acknowledge(key, cursor: body.cursor, lag: body.lag, workerID: body.workerID)
      }
      return .json(SubscriberResponse.json(subscriber))
    }
  }

  @Sendable private func isRunning(_ request: GatewayRequest) throws(EventoError) -> ResponsePlan {
    let (key, worker) = (try request.name("key"), try request.ulid("worker_id"))
    return .task { _ in
      .json(SubscriberResponse.json(isRunning: try await executor.isSubscriberRunning(key, workerID: worker)))
    }
  }

  @Sendable private func enable(_ request: GatewayRequest) throws(EventoError) -> ResponsePlan {
    let key = try request.name("key")
    let body = try EnableRequest(json: request.body)
    return .task { _ in
      .json(SubscriberResponse.json(try await executor.setSubscriberEnabled(key, body.isEnabled)))
    }
  }

  @Sendable private func delete(_ request: GatewayRequest) throws(EventoError) -> ResponsePlan {
    let key = try request.name("key")
    return .task { _ in
      try await executor.deleteSubscriber(key)
      return .noContent()
    }
  }
}
