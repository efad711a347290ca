package import Evento

/// The answer of a read, and of `GET /events/{id}`.
package enum Page {
  package static func json(_ page: ReadResult<Event>, _ encoding: PayloadEncoding) -> [UInt8] {
    var body: [UInt8] = []
    body.reserveCapacity(page.edges.reduce(256) { $0 + $1.node.data.bytes.count + $1.node.metadata.bytes.count + 400 })
    body.append(json: "{\"edges\":[")
    for (index, edge) in page.edges.enumerated() {
      if index > 0 { body.append(UInt8(ascii: ",")) }
      body.append(edge, encoding)
    }
    body.append(json: "],\"page_info\":{\"has_previous_page\":")
    body.append(boolean: page.pageInfo.hasPreviousPage)
    body.append(json: ",\"has_next_page\":")
    body.append(boolean: page.pageInfo.hasNextPage)
    body.append(json: ",\"start_cursor\":")
    body.append(cursor: page.pageInfo.startCursor)
    body.append(json: ",\"end_cursor\":")
    body.append(cursor: page.pageInfo.endCursor)
    body.append(json: "}}")
    return body
  }

  package static func json(_ edge: Edge<Event>, _ encoding: PayloadEncoding) -> [UInt8] {
    var body: [UInt8] = []
    body.append(edge, encoding)
    return body
  }

  /// - Throws: where it is not what a gateway answers.
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
      for member in Member.allCases where !seen.contains(member) { reader.fault(member, EventMember.required) }
      return info.map { ReadResult(edges: edges, pageInfo: $0) }
    }
  }

  /// - Throws: where it is not what a gateway answers.
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

extension [UInt8] {
  /// An event at its place.
  package mutating func append(_ edge: Edge<Event>, _ encoding: PayloadEncoding) {
    append(json: "{\"cursor\":")
    append(cursor: edge.cursor)
    append(json: ",\"node\":")
    append(edge.node, encoding)
    append(UInt8(ascii: "}"))
  }
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
    for member in EdgeMember.allCases where !seen.contains(member) { fault(member, EventMember.required) }
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
    for member in PageInfoMember.allCases where !seen.contains(member) { fault(member, EventMember.required) }
    return info
  }
}
