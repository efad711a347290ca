package import Evento

/// How an answer gives payloads.
package enum PayloadEncoding: String, Sendable, CaseIterable {
  /// As JSON what is JSON, as base64 what is not.
  case auto
  /// As base64 always.
  case base64
}

extension [UInt8] {
  /// The member `data`, or `data_base64`.
  package mutating func append(payloadMember payload: Payload, _ encoding: PayloadEncoding) {
    if encoding == .auto, payload.isJSON {
      append(json: "\"data\":")
      append(contentsOf: payload.bytes)
    } else {
      append(json: "\"data_base64\":\"")
      Base64.standard.append(payload.bytes, to: &self)
      append(UInt8(ascii: "\""))
    }
  }
}

extension JSONReader {
  /// The value of a member `data`: its bytes as they stand there.
  mutating func payload(_ limits: WireLimits) throws(EventoError) -> Payload {
    Payload(bytes: try raw("The payload", limit: limits.payloadBytes), isJSON: true)
  }

  /// The value of a member `data_base64`.
  mutating func base64Payload(_ limits: WireLimits) throws(EventoError) -> Payload? {
    try base64("The payload", limit: limits.payloadBytes).map { Payload($0) }
  }

  /// The value of a member `metadata`.
  mutating func metadata(_ limits: WireLimits) throws(EventoError) -> Metadata? {
    guard isAtObject else { return try refuse("must be an object") }
    return Metadata(
      checked: try raw("The metadata", limit: limits.metadataBytes, allowsRepeatedMembers: false))
  }
}
