internal import Evento
internal import EventoWire
internal import HTTPServer

/// What an operator asks: contract §7.
struct ServiceResource: Sendable {
  let store: Store
  let metrics: Metrics
  let readinessLog: ReadinessLog

  var resources: [Resource] {
    let alive = Response.json(HealthAnswer.json(isWell: true, checks: []))
    return [
      Resource("/healthz", [("GET", Operation(nil, .immediate { _ in alive }))]),
      Resource("/readyz", [("GET", Operation(nil, .probe(readiness)))]),
      Resource(
        "/metrics",
        [("GET", Operation(.read, .immediate { [metrics] _ in .text(Metrics.mediaType, metrics.text()) }))]),
      Resource(
        "/openapi.yaml",
        [("GET", Operation(.read, .immediate { _ in .text("application/yaml", PackageResources.openapi_yaml) }))]),
    ]
  }

  @Sendable private func readiness(_ request: GatewayRequest) async -> Response {
    do throws(EventoError) {
      try await store.readinessReporter?.checkReadiness()
      readinessLog.note(nil)
      return .json(HealthAnswer.json(isWell: true, checks: [("store", nil)]))
    } catch {
      readinessLog.note(error)
      return .json(
        HealthAnswer.json(isWell: false, checks: [("store", error.detail)]), status: 503, [("Retry-After", "1")])
    }
  }
}
