import HTTPServer

/// A handler made of closures, by path.
struct TestHandler: RequestHandler {
  var routes: [String: @Sendable (RequestHead) -> Reception] = [:]

  func receive(_ head: RequestHead) -> Reception {
    guard let route = routes[head.path] else {
      return .respond(.response(Response(status: 404, body: .bytes(Array("no \(head.path)".utf8)))))
    }
    return route(head)
  }

  func response(to request: RejectedRequest) -> Response {
    Response(
      status: request.error.status,
      headers: [
        "X-Error": "\(request.error.kind)", "X-Path": request.head?.path ?? "-",
        "X-Name": request.fields["X-Name"] ?? "-",
      ],
      body: .bytes(Array(request.error.detail.utf8)))
  }

  /// What most tests need.
  static var standard: TestHandler {
    TestHandler(routes: [
      "/": { _ in .respond(.response(.text("hello"))) },
      "/later": { _ in .respond(.task { _ in .text("later") }) },
      "/echo": { _ in .readBody(limit: 1 << 20) { body in .response(Response(body: .bytes(body))) } },
      "/small": { _ in .readBody(limit: 10) { body in .response(Response(body: .bytes(body))) } },
      "/method": { head in .respond(.response(.text(head.method))) },
      "/stream": { _ in
        .respond(
          .response(
            Response(
              body: .stream { writer in
                for piece in ["one ", "two ", "three"] { try await writer.write(Array(piece.utf8)) }
              })))
      },
    ])
  }
}

extension Response {
  init(status: Int = 200, headers: KeyValuePairs<String, String>, body: Body = .none) {
    self.init(status: status, headers: Headers(headers.map { ($0.key, $0.value) }), body: body)
  }

  static func text(_ text: String, _ status: Int = 200) -> Response {
    Response(status: status, headers: ["Content-Type": "text/plain"], body: .bytes(Array(text.utf8)))
  }
}

/// Runs a server for as long as `body` takes.
func withServer(
  _ handler: some RequestHandler = TestHandler.standard, on endpoint: Endpoint = .tcp(host: "127.0.0.1", port: 0),
  configuration: ServerConfiguration = .patient,
  grace: Duration = .seconds(60), _ body: (HTTPServer, BoundAddress) async throws -> Void
) async throws {
  let server = try HTTPServer.start(on: [endpoint], configuration: configuration, handler: handler)
  do {
    try await body(server, server.addresses[0])
  } catch {
    await server.shutDown(grace: .zero)
    throw error
  }
  await server.shutDown(grace: grace)
}

extension ServerConfiguration {
  /// Deadlines that do not pass, however busy the machine is: a test shortens the one that it is about.
  static var patient: ServerConfiguration {
    var configuration = ServerConfiguration()
    configuration.headTimeout = .seconds(600)
    configuration.bodyGrace = .seconds(600)
    configuration.idleTimeout = .seconds(600)
    configuration.writeTimeout = .seconds(600)
    configuration.handlerTimeout = .seconds(600)
    return configuration
  }
}
