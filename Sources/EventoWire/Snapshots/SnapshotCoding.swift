internal import ByteCoding
package import Evento

private enum SnapshotMember: String, MemberName {
  case cursor
  case data
  case dataBase64 = "data_base64"
  static let table = MemberTable<SnapshotMember>()
}

/// The body of `PUT /snapshots/{type}/{revision}/{id}`, and the response to `GET`.
package enum SnapshotBody {
  package static func json(_ snapshot: Snapshot, _ encoding: PayloadEncoding) -> [UInt8] {
    var body = JSONWriter(capacity: snapshot.data.bytes.count * 4 / 3 + 256)
    body.write(json: "{\"cursor\":")
    body.write(cursor: snapshot.cursor)
    body.write(json: ",")
    body.write(payloadMember: snapshot.data, encoding)
    body.write(json: "}\n")
    return body.take()
  }

  /// Parses a client's request.
  ///
  /// - Throws: `invalid_json`, `invalid_request`, `invalid_cursor`, `content_too_large`.
  package static func snapshot(request bytes: [UInt8], limits: WireLimits) throws(EventoError) -> Snapshot {
    try snapshot(bytes, limits, .refused)
  }

  /// Parses a gateway's response.
  ///
  /// - Throws: An error if it is not a gateway's response.
  package static func snapshot(response bytes: [UInt8]) throws(EventoError) -> Snapshot {
    try snapshot(bytes, .unlimited, .skipped)
  }

  private static func snapshot(
    _ bytes: [UInt8], _ limits: WireLimits, _ unknownMembers: JSONReader.UnknownMembers
  ) throws(EventoError) -> Snapshot {
    try JSONReader.read(bytes, unknownMembers: unknownMembers) { (reader) throws(EventoError) in
      var (cursor, data): (Cursor?, Payload?)
      let seen = try reader.object(SnapshotMember.self) { (reader, member) throws(EventoError) in
        switch member {
        case .cursor: cursor = try reader.cursor()
        case .data: data = try reader.payload(limits)
        case .dataBase64: data = try reader.base64Payload(limits)
        }
      }
      guard let seen else { return nil }
      if !seen.contains(.cursor) { reader.addError(SnapshotMember.cursor, EventMember.required) }
      switch (seen.contains(.data), seen.contains(.dataBase64)) {
      case (true, true): reader.addError(SnapshotMember.dataBase64, EventMember.bothPayloads)
      case (false, false): reader.addError(SnapshotMember.data, "is missing. Send data or data_base64")
      default: break
      }
      guard let cursor, let data else { return nil }
      return Snapshot(data: data, cursor: cursor)
    }
  }
}
