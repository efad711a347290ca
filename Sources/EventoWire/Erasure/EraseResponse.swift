internal import ByteCoding
package import Evento

/// The response to `POST /aggregators/erase`.
package enum EraseResponse {
  private enum Member: String, MemberName {
    case events
    case snapshots
    static let table = MemberTable<Member>()
  }

  package static func json(_ result: ErasureResult) -> [UInt8] {
    var body = JSONWriter()
    body.write(json: "{\"events\":")
    body.write(integer: Int64(result.events))
    body.write(json: ",\"snapshots\":")
    body.write(integer: Int64(result.snapshots))
    body.write(json: "}\n")
    return body.take()
  }

  /// - Throws: An error if it is not a gateway's response.
  package static func result(json bytes: [UInt8]) throws(EventoError) -> ErasureResult {
    try JSONReader.read(bytes, unknownMembers: .skipped) { (reader) throws(EventoError) in
      var (events, snapshots): (Int64?, Int64?)
      let seen = try reader.object(Member.self) { (reader, member) throws(EventoError) in
        switch member {
        case .events: events = try reader.integer(in: 0...Int64.max)
        case .snapshots: snapshots = try reader.integer(in: 0...Int64.max)
        }
      }
      guard let seen else { return nil }
      for member in Member.allCases where !seen.contains(member) { reader.addError(member, EventMember.required) }
      guard let events, let snapshots else { return nil }
      return ErasureResult(events: Int(events), snapshots: Int(snapshots))
    }
  }
}
