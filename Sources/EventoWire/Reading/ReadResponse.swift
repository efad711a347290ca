internal import ByteCoding
package import Evento

/// The responses to reads, which a ``PageOutput`` writes, and to `GET /events/{id}`.
package enum ReadResponse {
  /// Writes the response to `GET /events/{id}`.
  package static func json(_ event: borrowing EventView, _ encoding: PayloadEncoding) -> [UInt8] {
    var body = JSONWriter(capacity: 0)
    body.write(upTo: JSONRoom.longest(edge: event, encoding) + 1) { room in
      room.put(edge: event, encoding)
      room.put(json: "\n")
    }
    return body.take()
  }

  /// - Throws: An error if it is not a gateway's response.
  package static func page(json bytes: [UInt8]) throws(EventoError) -> ReadResult<Event> {
    try JSONReader.read(bytes, unknownMembers: .skipped) { (reader) throws(EventoError) in
      var edges: [Edge<Event>] = []
      var info: PageInfo?
      let seen = try reader.object(Member.self) { (reader, member) throws(EventoError) in
        switch member {
        case .edges:
          _ = try reader.array { (reader, _) throws(EventoError) in
            if let edge = try reader.edge() { edges.append(edge) }
          }
        case .pageInfo: info = try reader.pageInfo()
        }
      }
      guard let seen else { return nil }
      for member in Member.allCases where !seen.contains(member) { reader.addError(member, EventMember.required) }
      return info.map { ReadResult(edges: edges, pageInfo: $0) }
    }
  }

  /// - Throws: An error if it is not a gateway's response.
  package static func edge(json bytes: [UInt8]) throws(EventoError) -> Edge<Event> {
    try JSONReader.read(bytes, unknownMembers: .skipped) { (reader) throws(EventoError) in try reader.edge() }
  }

  private enum Member: String, MemberName {
    case edges
    case pageInfo = "page_info"
    static let table = MemberTable<Member>()
  }
}

private enum EdgeMember: String, MemberName {
  case cursor
  case node
  static let table = MemberTable<EdgeMember>()
}

private enum PageInfoMember: String, MemberName {
  case hasPreviousPage = "has_previous_page"
  case hasNextPage = "has_next_page"
  case startCursor = "start_cursor"
  case endCursor = "end_cursor"
  static let table = MemberTable<PageInfoMember>()
}

extension JSONReader {
  fileprivate mutating func edge() throws(EventoError) -> Edge<Event>? {
    var (cursor, node): (Cursor?, Event?)
    let seen = try object(EdgeMember.self) { (reader, member) throws(EventoError) in
      switch member {
      case .cursor: cursor = try reader.cursor()
      case .node: node = try reader.event()
      }
    }
    guard let seen else { return nil }
    for member in EdgeMember.allCases where !seen.contains(member) { addError(member, EventMember.required) }
    guard let cursor, let node else { return nil }
    return Edge(cursor: cursor, node: node)
  }

  fileprivate mutating func pageInfo() throws(EventoError) -> PageInfo? {
    var info = PageInfo(hasPreviousPage: false, hasNextPage: false, startCursor: nil, endCursor: nil)
    let seen = try object(PageInfoMember.self) { (reader, member) throws(EventoError) in
      switch member {
      case .hasPreviousPage: info.hasPreviousPage = try reader.boolean() ?? false
      case .hasNextPage: info.hasNextPage = try reader.boolean() ?? false
      case .startCursor: info.startCursor = try reader.null() ? nil : try reader.cursor()
      case .endCursor: info.endCursor = try reader.null() ? nil : try reader.cursor()
      }
    }
    guard let seen else { return nil }
    for member in PageInfoMember.allCases where !seen.contains(member) { addError(member, EventMember.required) }
    return info
  }
}
