internal import Evento

private enum FilterMember: String, MemberName {
  case aggregatorType = "aggregator_type"
  case aggregatorID = "aggregator_id"
  case name

  static let table = MemberTable<FilterMember>()
}

extension JSONReader {
  /// Filters of a query or of a condition.
  mutating func filters(atLeast minimum: Int) throws(EventoError) -> [ReadAggregator]? {
    var filters: [ReadAggregator] = []
    let count = try array { (reader, index) throws(EventoError) in
      guard index < ReadAggregator.maximumCount else { return try reader.skip() }
      if let filter = try reader.filter() { filters.append(filter) }
    }
    guard let count else { return nil }
    guard minimum...ReadAggregator.maximumCount ~= count else {
      fault("has \(count) filters: there may be \(minimum) to \(ReadAggregator.maximumCount)")
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
    if !seen.contains(.aggregatorType) { fault(FilterMember.aggregatorType, EventMember.required) }
    return filter
  }
}

extension [UInt8] {
  mutating func append(filters: [ReadAggregator]) {
    append(UInt8(ascii: "["))
    for (index, filter) in filters.enumerated() {
      append(json: index > 0 ? ",{\"aggregator_type\":" : "{\"aggregator_type\":")
      append(string: filter.aggregatorType)
      if let id = filter.aggregatorID {
        append(json: ",\"aggregator_id\":")
        append(string: id)
      }
      if let name = filter.name {
        append(json: ",\"name\":")
        append(string: name)
      }
      append(UInt8(ascii: "}"))
    }
    append(UInt8(ascii: "]"))
  }
}
