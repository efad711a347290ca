internal import ByteCoding

/// The responses to `/healthz` and `/readyz`.
package enum HealthResponse {
  /// - Parameter checks: The names of the checks, and the errors that they found.
  package static func json(isWell: Bool, checks: [(name: String, error: String?)]) -> [UInt8] {
    var body = JSONWriter()
    body.write(json: "{\"status\":")
    body.write(plainString: isWell ? "ok" : "unavailable")
    body.write(json: ",\"checks\":{")
    for (index, check) in checks.enumerated() {
      if index > 0 { body.write(json: ",") }
      body.write(string: check.name)
      body.write(json: ":")
      body.write(string: check.error ?? "ok")
    }
    body.write(json: "}}\n")
    return body.take()
  }
}
