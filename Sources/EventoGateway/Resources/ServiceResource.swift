internal import ByteCoding
internal import Evento
internal import EventoWire
internal import HTTPServer

/// The routes for operators: docs/http-api.md §8.
struct ServiceResource: Sendable {
  let store: any CallbackExecutor
  let metrics: Metrics
  let readinessLog: ReadinessLog
  let basePath: String

  var routes: [Route] {
    let alive = Response.json(HealthResponse.json(isHealthy: true, checks: []))
    let document = RevalidatedText(
      "application/yaml", document, digest: SHA256.digest(Self.digest + Array(basePath.utf8)))
    return [
      probe("/healthz", nil) { _ in .response(alive) },
      // By a callback: an orchestrator stops a gateway whose probe waits behind tasks.
      probe("/readyz", nil) { _ in
        .callback { responder in store.checkReadiness { error in responder.send { readiness(error) } } }
      },
      probe("/metrics", .read) { _ in
        .callback { responder in
          metrics.collect { text in responder.send { .text(Metrics.mediaType, text) } }
        }
      },
      probe("/openapi.yaml", .read) { .response(document.response(to: $0.head.headers)) },
    ]
  }

  /// Adds a route that must work while requests wait.
  private func probe(_ path: String, _ role: Role?, _ handler: @escaping Operation.Handler) -> Route {
    Route(path, [("GET", Operation(role, countsInFlight: false, handler))])
  }

  /// `openapi.yaml` with this gateway as its server, relative to the document's own URL, because scheme and host may be
  /// a proxy's.
  private var document: [UInt8] {
    let (example, own) = ("\n  - url: http://127.0.0.1:8080\n", "\n  - url: \(basePath.isEmpty ? "/" : basePath)\n")
    let text = String(decoding: PackageResources.openapi_yaml, as: UTF8.self)
    return Array(text.replacing(example, with: own).utf8)
  }

  /// The digest of the built-in document, computed once for all gateways.
  private static let digest = SHA256.digest(PackageResources.openapi_yaml)

  private func readiness(_ error: EventoError?) -> Response {
    readinessLog.note(error)
    let body = HealthResponse.json(
      isHealthy: error == nil, checks: [("store", error?.detail)], server: store.databaseServer)
    return error == nil ? .json(body) : .json(body, status: 503, [("Retry-After", "1")])
  }
}
