/// The answers of `/healthz` and `/readyz`.
package enum HealthAnswer {
  /// - Parameter checks: what was looked at, and what is wrong with it.
  package static func json(isWell: Bool, checks: [(name: String, fault: String?)]) -> [UInt8] {
    var body: [UInt8] = []
    body.append(json: "{\"status\":")
    body.append(plainString: isWell ? "ok" : "unavailable")
    body.append(json: ",\"checks\":{")
    for (index, check) in checks.enumerated() {
      if index > 0 { body.append(UInt8(ascii: ",")) }
      body.append(string: check.name)
      body.append(UInt8(ascii: ":"))
      body.append(string: check.fault ?? "ok")
    }
    body.append(json: "}}\n")
    return body
  }
}
