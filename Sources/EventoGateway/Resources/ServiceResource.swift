internal import Evento
internal import EventoWire
internal import HTTPServer

/// What an operator asks: contract §7.
struct ServiceResource: Sendable {
  let store: Store
  let metrics: Metrics
  let readinessLog: ReadinessLog
  let basePath: String

  var resources: [Resource] {
    let alive = Response.json(HealthAnswer.json(isWell: true, checks: []))
    let document = Response.text("application/yaml", document)
    return [
      Resource("/healthz", [("GET", Operation(nil, .immediate { _ in alive }))]),
      Resource("/readyz", [("GET", Operation(nil, .probe(readiness)))]),
      Resource(
        "/metrics",
        [("GET", Operation(.read, .immediate { [metrics] _ in .text(Metrics.mediaType, metrics.text()) }))]),
      Resource("/openapi.yaml", [("GET", Operation(.read, .immediate { _ in document }))]),
    ]
  }

  /// `openapi.yaml` with this gateway as its server, told relative to where it lies: scheme and name are a proxy's to say.
  private var document: [UInt8] {
    let (example, own) = ("\n  - url: http://127.0.0.1:8080\n", "\n  - url: \(basePath.isEmpty ? "/" : basePath)\n")
    let text = String(decoding: PackageResources.openapi_yaml, as: UTF8.self)
    return Array(text.replacing(example, with: own).utf8)
  }

  @Sendable private func readiness(_ request: GatewayRequest) async -> Response {
    do {
      try await store.readinessReporter?.checkReadiness()
      readinessLog.note(nil)
      return .json(HealthAnswer.json(isWell: true, checks: [("store", nil)]))
    } catch {
      let error = EventoError(wrapping: error)
      readinessLog.note(error)
      return .json(
        HealthAnswer.json(isWell: false, checks: [("store", error.detail)]), status: 503, [("Retry-After", "1")])
    }
  }
}
