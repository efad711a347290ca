internal import ByteCoding
package import Evento

/// The first line of an export: docs/export-format.md.
package struct ExportHeader: Sendable, Equatable {
  package var createdAt: Timestamp
  /// The program that wrote it, with its version.
  package var createdBy: String
  /// The cursor of the beginning of the store's log, which no other store has; `nil` if the store has none.
  package var store: Cursor?
  /// The selected events; `nil` for the whole log.
  package var filter: Filter?
  /// True if subscribers and snapshots are included.
  package var isFull: Bool

  /// The filter of a read.
  package struct Filter: Sendable, Equatable {
    package var aggregators: [ReadAggregator]?
    package var routingKey: RoutingKey

    package init(aggregators: [ReadAggregator]?, routingKey: RoutingKey) {
      self.aggregators = aggregators
      self.routingKey = routingKey
    }
  }

  package init(createdAt: Timestamp, createdBy: String, store: Cursor?, filter: Filter?, isFull: Bool) {
    self.createdAt = createdAt
    self.createdBy = createdBy
    self.store = store
    self.filter = filter
    self.isFull = isFull
  }

  /// The version of the format. A reader refuses a greater one.
  package static let version = 1
  package static let format = "evento-export"

  /// The line, with its end.
  package var line: [UInt8] {
    var line = JSONWriter()
    line.write(json: "{\"type\":\"header\",\"format\":")
    line.write(plainString: Self.format)
    line.write(json: ",\"version\":")
    line.write(integer: Int64(Self.version))
    line.write(json: ",\"created_at\":")
    line.write(plainString: createdAt.rfc3339)
    line.write(json: ",\"created_by\":")
    line.write(string: createdBy)
    line.write(json: ",\"store\":")
    line.write(cursor: store)
    line.write(json: ",\"filter\":")
    if let filter {
      var members = JSONWriter()
      members.writeMembers(filters: filter.aggregators, routingKey: filter.routingKey)
      if members.isEmpty { members.write(json: "{") }
      members.write(json: "}")
      // A name may contain a character that ends a line for some readers, but none that ends it here.
      line.write(json: members.take())
    } else {
      line.write(json: "null")
    }
    line.write(json: ",\"all\":")
    line.write(boolean: isFull)
    line.write(json: "}\n")
    return line.take()
  }

  /// - Throws: `not_implemented` if it is one of a later version, with the end of a sentence; another error if it is not
  ///   the header of an export.
  package init(json bytes: [UInt8]) throws(EventoError) {
    self = try JSONReader.read(bytes, unknownMembers: .skipped) { (reader) throws(EventoError) in
      var (type, format, version): (String?, String?, Int64?)
      var (createdAt, createdBy): (Timestamp?, String?)
      var (store, filter, isFull): (Cursor?, Filter?, Bool?)
      let seen = try reader.object(Member.self) { (reader, member) throws(EventoError) in
        switch member {
        case .type: type = try reader.string()
        case .format: format = try reader.string()
        case .version: version = try reader.integer(in: 1...Int64.max)
        case .createdAt: createdAt = try reader.timestamp()
        case .createdBy: createdBy = try reader.string()
        case .store: store = try reader.null() ? nil : try reader.cursor()
        case .filter: filter = try reader.null() ? nil : try Self.filter(&reader)
        case .all: isFull = try reader.boolean()
        }
      }
      guard let seen else { return nil }
      guard type == "header", format == Self.format, let version else {
        throw EventoError(.invalidRequest, "It is not an export of evento-gateway.")
      }
      guard version <= Self.version else {
        throw EventoError(
          .notImplemented,
          "has version \(version) of the format, but this program reads up to version \(Self.version). Use a newer one."
        )
      }
      for member in Member.allCases where !seen.contains(member) { reader.addError(member, EventMember.required) }
      guard let createdAt, let createdBy, let isFull else { return nil }
      return ExportHeader(createdAt: createdAt, createdBy: createdBy, store: store, filter: filter, isFull: isFull)
    }
  }

  private static func filter(_ reader: inout JSONReader) throws(EventoError) -> Filter? {
    var filter = Filter(aggregators: nil, routingKey: .all)
    let seen = try reader.object(FilterMember.self) { (reader, member) throws(EventoError) in
      switch member {
      case .aggregators: filter.aggregators = try reader.filters(atLeast: 0)
      case .routingKey: filter.routingKey = .value(try reader.null() ? nil : try reader.name())
      }
    }
    return seen == nil ? nil : filter
  }

  private enum Member: String, MemberName {
    case type
    case format
    case version
    case createdAt = "created_at"
    case createdBy = "created_by"
    case store
    case filter
    case all
    static let table = MemberTable<Member>()
  }

  private enum FilterMember: String, MemberName {
    case aggregators
    case routingKey = "routing_key"
    static let table = MemberTable<FilterMember>()
  }
}
