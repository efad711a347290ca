internal import ByteCoding
internal import Evento

private enum FilterMember: String, MemberName {
  case aggregatorType = "aggregator_type"
  case aggregatorID = "aggregator_id"
  case name

  static let table = MemberTable<FilterMember>()
}

extension JSONReader {
  /// Reads the filters of a query or condition.
  mutating func filters(atLeast minimum: Int) throws(EventoError) -> [ReadAggregator]? {
    var filters: [ReadAggregator] = []
    let count = try array { (reader, index) throws(EventoError) in
      guard index < ReadAggregator.maximumCount else { return try reader.skip() }
      if let filter = try reader.filter() { filters.append(filter) }
    }
    guard let count else { return nil }
    guard minimum...ReadAggregator.maximumCount ~= count else {
      addError("must have \(minimum) to \(ReadAggregator.maximumCount) filters, but has \(count)")
      return nil
    }
    return filters
  }

  private mutating func filter() throws(EventoError) -> ReadAggregator? {
    var filter = ReadAggregator("")
    let seen = try object(FilterMember.self) { (reader, member) throws(EventoError) in
      switch member {
      case .aggregatorType: filter.aggregatorType = try reader.name() ?? ""
      case .aggregatorID: filter.aggregatorID = try reader.name()
      case .name: filter.name = try reader.name()
      }
    }
    guard let seen else { return nil }
    if !seen.contains(.aggregatorType) { addError(FilterMember.aggregatorType, EventMember.required) }
    return filter
  }
}

extension JSONWriter {
  /// Begins the next member of the object that is the whole text.
  mutating func beginMember() {
    write(json: isEmpty ? "{" : ",")
  }

  /// Writes the members that select events, each only if it selects some.
  mutating func writeMembers(filters: [ReadAggregator]?, routingKey: RoutingKey) {
    if let filters {
      beginMember()
      write(json: "\"aggregators\":")
      write(filters: filters)
    }
    if case .value(let key) = routingKey {
      beginMember()
      write(json: "\"routing_key\":")
      write(stringOrNull: key)
    }
  }

  mutating func write(filters: [ReadAggregator]) {
    write(json: "[")
    for (index, filter) in filters.enumerated() {
      write(json: index > 0 ? ",{\"aggregator_type\":" : "{\"aggregator_type\":")
      write(string: filter.aggregatorType)
      if let id = filter.aggregatorID {
        write(json: ",\"aggregator_id\":")
        write(string: id)
      }
      if let name = filter.name {
        write(json: ",\"name\":")
        write(string: name)
      }
      write(json: "}")
    }
    write(json: "]")
  }
}
