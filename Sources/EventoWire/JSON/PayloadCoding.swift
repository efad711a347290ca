internal import ByteCoding
internal import Evento

/// How an answer gives payloads.
package enum PayloadEncoding: String, Sendable, CaseIterable {
  /// As JSON what is JSON, as base64 what is not.
  case auto
  /// As base64 always.
  case base64

  /// Whether a payload is given as it is.
  func keeps(isJSON: Bool) -> Bool { self == .auto && isJSON }
}

extension JSONRoom {
  /// The member `data`, or `data_base64`.
  mutating func put(payloadMember bytes: UnsafeRawBufferPointer, isJSON: Bool, _ encoding: PayloadEncoding) {
    if encoding.keeps(isJSON: isJSON) {
      put(json: "\"data\":")
      put(json: bytes)
    } else {
      put(json: "\"data_base64\":")
      put(base64: bytes)
    }
  }

  /// Bytes that the payload of that member takes at most. As base64 it is a third longer: room for that which is not
  /// needed would be held with a large answer for as long as its client takes.
  static func longest(payload bytes: UnsafeRawBufferPointer, isJSON: Bool, _ encoding: PayloadEncoding) -> Int {
    encoding.keeps(isJSON: isJSON) ? bytes.count : Base64.standard.textLength(of: bytes.count) + 2
  }
}

extension JSONWriter {
  /// The member `data`, or `data_base64`.
  mutating func write(payloadMember payload: Payload, _ encoding: PayloadEncoding) {
    payload.bytes.withUnsafeBytes { bytes in
      write(upTo: JSONRoom.longest(payload: bytes, isJSON: payload.isJSON, encoding) + 20) { room in
        room.put(payloadMember: bytes, isJSON: payload.isJSON, encoding)
      }
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
    let limit = limits.metadataBytes
    return Metadata(checked: try raw("The metadata", limit: limit, .unique(within: limit)))
  }
}
