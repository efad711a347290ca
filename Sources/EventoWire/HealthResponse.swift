internal import ByteCoding

/// The responses to `/healthz` and `/readyz`.
package enum HealthResponse {
  /// - Parameters:
  ///   - checks: The names of the checks, and the errors that they found.
  ///   - server: The server of the database, if there is one.
  package static func json(
    isHealthy: Bool, checks: [(name: String, error: String?)], server: String? = nil
  ) -> [UInt8] {
    var body = JSONWriter()
    body.write(json: "{\"status\":")
    body.write(plainString: isHealthy ? "ok" : "unavailable")
    body.write(json: ",\"checks\":{")
    for (index, check) in checks.enumerated() {
      if index > 0 { body.write(json: ",") }
      body.write(string: check.name)
      body.write(json: ":")
      body.write(string: check.error ?? "ok")
    }
    body.write(json: "}")
    if let server {
      body.write(json: ",\"server\":")
      body.write(string: server)
    }
    body.write(json: "}\n")
    return body.take()
  }
}
