internal import Evento
internal import EventoWire
internal import HTTPServer

/// `/events/stream`: docs/http-api.md §5.
struct StreamResource: Sendable {
  let pages: PageCache
  let hub: FollowerHub
  let lags: StreamLags
  let commits: CommitSignal
  let admission: AdmissionControl
  let access: AccessControl
  /// `nil` if nothing is compressed.
  let compressor: Compressor?
  /// The maximum time without output on a stream.
  let heartbeat: Duration

  var routes: [Route] {
    [
      Route(
        "/events/stream",
        [
          ("GET", Operation(.read, takesQuery: true, takesHead: false, isCompressible: true, follow)),
          ("POST", Operation(.read, takesBody: true, isCompressible: true, followBody)),
        ])
    ]
  }

  @Sendable private func follow(_ request: GatewayRequest) throws(EventoError) -> ResponsePlan {
    let format = try Accept.format(request.head.headers)
    var parameters = try request.parameters()
    let lastEventID = try lastEventID(request)
    let follow = try FollowRequest(&parameters, lastEventID: lastEventID)
    let cursor = lastEventID == nil ? ParameterReader.label("after") : FollowRequest.lastEventIDLabel
    return stream(follow, format, cursor: cursor, request)
  }

  @Sendable private func followBody(_ request: GatewayRequest) throws(EventoError) -> ResponsePlan {
    let format = try Accept.format(request.head.headers)
    let lastEventID = try lastEventID(request)
    let follow = try FollowRequest(json: request.body, lastEventID: lastEventID)
    let cursor = lastEventID == nil ? "/after" : FollowRequest.lastEventIDLabel
    return stream(follow, format, cursor: cursor, request)
  }

  /// Returns the cursor of `Last-Event-ID`.
  ///
  /// - Returns: `nil` also for an empty one, which browsers send.
  private func lastEventID(_ request: GatewayRequest) throws(EventoError) -> String? {
    let values = request.head.headers.values(of: "last-event-id")
    guard values.count <= 1 else {
      throw EventoError(.invalidRequest, "Last-Event-ID was sent \(values.count) times. Send it once.")
    }
    return values.first.flatMap { $0.isEmpty ? nil : $0 }
  }

  /// - Parameter cursor: The name of the start cursor in errors.
  private func stream(
    _ follow: FollowRequest, _ format: StreamFormat, cursor: String, _ request: GatewayRequest
  ) -> ResponsePlan {
    let (token, compression) = (request.token, ResponseCompression(compressor, for: request))
    return .task { waitState in
      try await naming(cursor: cursor) { () async throws in
        try await response(follow, format, token, compression, waitState)
      }
    }
  }

  private func response(
    _ follow: FollowRequest, _ format: StreamFormat, _ token: TokenSet.Entry?, _ compression: ResponseCompression?,
    _ waitState: WaitState
  ) async throws -> Response {
    let permit = try admission.acquireFollower()
    var follower = try LogFollower(
      FollowFilter(aggregators: follow.aggregators, routingKey: follow.routingKey), from: follow.after,
      as: StreamRendering(format: format, encoding: follow.encoding), pages: pages, hub: hub,
      lag: lags.add(), until: waitState.interruption)
    // Before the head of the response, so that an invalid cursor gets its own status.
    let first = FirstStep(try await follower.next(until: .now))
    let headers = Headers(
      [
        ("Content-Type", format.contentType),
        // Otherwise Nginx would buffer the stream (https://nginx.org/en/docs/http/ngx_http_proxy_module.html).
        ("X-Accel-Buffering", "no"),
      ] + (compression == nil ? [] : [ResponseCompression.field]))
    let body = StreamBody(
      format: format, heartbeat: heartbeat, commits: commits,
      isAllowed: { [access] in access.allows(token, .read) })
    return Response(
      status: 200, headers: headers,
      body: .stream { [follower] writer in
        var output = StreamOutput(writer, compression?.compressor)
        try await body.write(from: follower, beginningWith: first.take(), to: &output)
        try await output.finish()
        withExtendedLifetime(permit) {}
      })
  }
}
