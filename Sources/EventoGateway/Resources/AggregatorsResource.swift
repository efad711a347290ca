internal import Evento
internal import EventoWire
internal import HTTPServer

/// `/aggregators/erase`: docs/http-api.md §3.6.
struct AggregatorsResource: Sendable {
  let executor: any Executor
  let pages: PageCache

  var routes: [Route] {
    [Route("/aggregators/erase", [("POST", Operation(.admin, takesBody: true, erase))])]
  }

  @Sendable private func erase(_ request: GatewayRequest) throws(EventoError) -> ResponsePlan {
    let body = try EraseRequest(json: request.body)
    return .task { [executor, pages] _ in
      // Whatever the outcome is: it may be erased for every reader although an error says that a file still has it.
      defer { pages.forget() }
      return .json(
        EraseResponse.json(
          try await executor.eraseAggregate(
            type: body.aggregatorType, id: body.aggregatorID, snapshotTypes: body.snapshotTypes)))
    }
  }
}
