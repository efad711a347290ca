internal import ByteCoding
package import Evento

/// A request to follow the log: `GET /events/stream` and the body of `POST /events/stream`.
package struct FollowRequest: Sendable {
  package var aggregators: [ReadAggregator]?
  package var routingKey: RoutingKey
  package var after: Args.Start
  package var encoding: PayloadEncoding

  package init(
    aggregators: [ReadAggregator]?, routingKey: RoutingKey, after: Args.Start, encoding: PayloadEncoding = .auto
  ) {
    self.aggregators = aggregators
    self.routingKey = routingKey
    self.after = after
    self.encoding = encoding
  }

  private enum Member: String, MemberName {
    case aggregators
    case routingKey = "routing_key"
    case after
    case encoding

    static let table = MemberTable<Member>()
  }

  /// Reads the query of `GET /events/stream`.
  ///
  /// - Parameter lastEventID: The value of `Last-Event-ID`, which takes precedence over `after`; ignored if empty.
  /// - Throws: `invalid_request`, `invalid_cursor`.
  package init(_ parameters: inout ParameterReader, lastEventID: String?) throws(EventoError) {
    aggregators = parameters.filter().map { [$0] }
    routingKey = parameters.routingKey()
    let after = parameters.value(Member.after.rawValue)
    encoding = parameters.encoding()
    self.after = .beginning
    if let start = try Self.start(lastEventID) {
      self.after = start
    } else if let after {
      self.after = try Args.Start(wire: after, ParameterReader.label(Member.after.rawValue))
    }
    try parameters.finish()
  }

  /// Reads the body of `POST /events/stream`.
  ///
  /// - Parameter lastEventID: See ``init(_:lastEventID:)``.
  /// - Throws: `invalid_json`, `invalid_request`, `invalid_cursor`.
  package init(json bytes: [UInt8], lastEventID: String?) throws(EventoError) {
    let start = try Self.start(lastEventID)
    self = try JSONReader.read(bytes) { (reader) throws(EventoError) in
      var request = FollowRequest(aggregators: nil, routingKey: .all, after: .beginning)
      let seen = try reader.object(Member.self) { (reader, member) throws(EventoError) in
        switch member {
        case .aggregators: request.aggregators = try reader.filters(atLeast: 0)
        case .routingKey: request.routingKey = .value(try reader.null() ? nil : try reader.name())
        case .after:
          // A value that is ignored need not be a cursor.
          if start != nil { _ = try reader.string() } else { request.after = try reader.start() ?? .beginning }
        case .encoding: request.encoding = try reader.payloadEncoding() ?? .auto
        }
      }
      return seen == nil ? nil : request
    }
    if let start { after = start }
  }

  /// The name of the header in errors.
  package static let lastEventIDLabel = "The Last-Event-ID header"

  private static func start(_ lastEventID: String?) throws(EventoError) -> Args.Start? {
    guard let lastEventID, !lastEventID.isEmpty else { return nil }
    return .after(try Cursor(wire: lastEventID, lastEventIDLabel))
  }

  package var json: [UInt8] {
    var body = JSONWriter()
    body.writeMembers(filters: aggregators, routingKey: routingKey)
    if let after = after.wire {
      body.beginMember()
      body.write(json: "\"after\":")
      body.write(plainString: after)
    }
    body.beginMember()
    body.write(json: "\"encoding\":")
    body.write(plainString: encoding.rawValue)
    body.write(json: "}")
    return body.take()
  }
}
