internal import ByteCoding
package import Evento

/// The body of `POST /aggregators/erase`: docs/http-api.md §3.6.
package struct EraseRequest: Sendable {
  package var aggregatorType: String
  package var aggregatorID: String
  package var snapshotTypes: [String]

  package init(aggregatorType: String, aggregatorID: String, snapshotTypes: [String]) {
    self.aggregatorType = aggregatorType
    self.aggregatorID = aggregatorID
    self.snapshotTypes = snapshotTypes
  }

  private enum Member: String, MemberName {
    case aggregatorType = "aggregator_type"
    case aggregatorID = "aggregator_id"
    case snapshotTypes = "snapshot_types"
    static let table = MemberTable<Member>()
  }

  /// - Throws: `invalid_json`, `invalid_request`.
  package init(json bytes: [UInt8]) throws(EventoError) {
    self = try JSONReader.read(bytes) { (reader) throws(EventoError) in
      var request = EraseRequest(aggregatorType: "", aggregatorID: "", snapshotTypes: [])
      let seen = try reader.object(Member.self) { (reader, member) throws(EventoError) in
        switch member {
        case .aggregatorType: request.aggregatorType = try reader.name() ?? ""
        case .aggregatorID: request.aggregatorID = try reader.name() ?? ""
        case .snapshotTypes: request.snapshotTypes = try Self.snapshotTypes(&reader)
        }
      }
      guard let seen else { return nil }
      for member in [Member.aggregatorType, .aggregatorID] where !seen.contains(member) {
        reader.addError(member, EventMember.required)
      }
      return request
    }
  }

  private static func snapshotTypes(_ reader: inout JSONReader) throws(EventoError) -> [String] {
    var types: [String] = []
    let count = try reader.array { (reader, index) throws(EventoError) in
      guard index < ErasureResult.maximumSnapshotTypes else { return try reader.skip() }
      if let type = try reader.name() { types.append(type) }
    }
    if let count, count > ErasureResult.maximumSnapshotTypes {
      reader.addError(ErasureResult.tooManySnapshotTypes(count))
    }
    return types
  }

  package var json: [UInt8] {
    var body = JSONWriter()
    body.write(json: "{\"aggregator_type\":")
    body.write(string: aggregatorType)
    body.write(json: ",\"aggregator_id\":")
    body.write(string: aggregatorID)
    body.write(json: ",\"snapshot_types\":[")
    for (index, type) in snapshotTypes.enumerated() {
      if index > 0 { body.write(json: ",") }
      body.write(string: type)
    }
    body.write(json: "]}")
    return body.take()
  }
}
