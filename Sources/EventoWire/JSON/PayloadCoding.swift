internal import ByteCoding
internal import Evento

/// The encoding of payloads in a response.
package enum PayloadEncoding: String, Sendable, CaseIterable {
  /// JSON payloads as JSON, others as base64.
  case auto
  /// All payloads as base64.
  case base64

  /// Returns whether a payload is written unchanged.
  func keeps(isJSON: Bool) -> Bool { self == .auto && isJSON }
}

extension JSONRoom {
  /// Writes the member `data`, or `data_base64`.
  mutating func put(payloadMember bytes: UnsafeRawBufferPointer, isJSON: Bool, _ encoding: PayloadEncoding) {
    if encoding.keeps(isJSON: isJSON) {
      put(json: "\"data\":")
      put(json: bytes)
    } else {
      put(json: "\"data_base64\":")
      put(base64: bytes)
    }
  }

  /// The maximum size of that payload, in bytes. Base64 is a third longer: unnecessary room for it would be held with a
  /// large response until its client has read it.
  static func longest(payload bytes: UnsafeRawBufferPointer, isJSON: Bool, _ encoding: PayloadEncoding) -> Int {
    encoding.keeps(isJSON: isJSON) ? bytes.count : Base64.standard.textLength(of: bytes.count) + 2
  }
}

extension JSONWriter {
  /// Writes the member `data`, or `data_base64`.
  mutating func write(payloadMember payload: Payload, _ encoding: PayloadEncoding) {
    payload.bytes.withUnsafeBytes { bytes in
      write(upTo: JSONRoom.longest(payload: bytes, isJSON: payload.isJSON, encoding) + 20) { room in
        room.put(payloadMember: bytes, isJSON: payload.isJSON, encoding)
      }
    }
  }
}

extension JSONReader {
  /// Reads the value of `data`: its unchanged bytes.
  mutating func payload(_ limits: WireLimits) throws(EventoError) -> Payload {
    Payload(bytes: try raw("The payload", limit: limits.payloadBytes), isJSON: true)
  }

  /// Reads the value of `data_base64`.
  mutating func base64Payload(_ limits: WireLimits) throws(EventoError) -> Payload? {
    try base64("The payload", limit: limits.payloadBytes).map { Payload($0) }
  }

  /// Reads the value of `metadata`.
  mutating func metadata(_ limits: WireLimits) throws(EventoError) -> Metadata? {
    guard isAtObject else { return try refuse("must be an object") }
    let limit = limits.metadataBytes
    return Metadata(checked: try raw("The metadata", limit: limit, .unique(within: limit)))
  }
}
