internal import Evento
internal import EventoWire
internal import HTTPServer

/// What an operator asks: docs/http-api.md §8.
struct ServiceResource: Sendable {
  let store: Store
  let metrics: Metrics
  let readinessLog: ReadinessLog
  let basePath: String

  var resources: [Resource] {
    let alive = Response.json(HealthAnswer.json(isWell: true, checks: []))
    let document = RevalidatedText(
      "application/yaml", document, digest: SHA256.digest(Self.digest + Array(basePath.utf8)))
    return [
      Resource("/healthz", [("GET", Operation(nil, .immediate { _ in alive }))]),
      Resource("/readyz", [("GET", Operation(nil, .probe(readiness)))]),
      Resource(
        "/metrics",
        [("GET", Operation(.read, .probe(figures)))]),
      Resource("/openapi.yaml", [("GET", Operation(.read, .immediate { document.response(to: $0.head.headers) }))]),
    ]
  }

  /// `openapi.yaml` with this gateway as its server, told relative to where it lies: scheme and name are a proxy's to say.
  private var document: [UInt8] {
    let (example, own) = ("\n  - url: http://127.0.0.1:8080\n", "\n  - url: \(basePath.isEmpty ? "/" : basePath)\n")
    let text = String(decoding: PackageResources.openapi_yaml, as: UTF8.self)
    return Array(text.replacing(example, with: own).utf8)
  }

  /// Of the document as it is built in, once for all gateways.
  private static let digest = SHA256.digest(PackageResources.openapi_yaml)

  /// The text may have thousands of lines.
  @Sendable private func figures(_ reply: Reply) {
    LongWork.run { [metrics] in
      let text = metrics.text()
      reply.send { .text(Metrics.mediaType, text) }
    }
  }

  /// Without a task if the store has such a way: an orchestrator takes out a gateway whose probe waits behind tasks.
  @Sendable private func readiness(_ reply: Reply) {
    if let reporter = store.callbackReadinessReporter {
      return reporter.checkReadiness { error in reply.send { readiness(error) } }
    }
    guard let reporter = store.readinessReporter else { return reply.send { readiness(nil) } }
    Task {
      do {
        try await reporter.checkReadiness()
        reply.send { readiness(nil) }
      } catch {
        let fault = EventoError(wrapping: error)
        reply.send { readiness(fault) }
      }
    }
  }

  private func readiness(_ fault: EventoError?) -> Response {
    readinessLog.note(fault)
    guard let fault else { return .json(HealthAnswer.json(isWell: true, checks: [("store", nil)])) }
    return .json(
      HealthAnswer.json(isWell: false, checks: [("store", fault.detail)]), status: 503, [("Retry-After", "1")])
  }
}
