internal import Evento

/// Filters, and the ones of them that an event passes, found without trying each.
struct FilterIndex<Value> {
  /// What all events that pass a filter, or one of its parts, have in common. Texts that Swift takes for equal and that
  /// are not the same bytes share a place: the filter itself tells them apart.
  private enum Place: Hashable {
    case anywhere
    case ofRoutingKey(String?)
    case ofType(String)
    case ofName(String, String)
    case inAggregate(String, String)
  }

  private struct Entry {
    let filter: FollowFilter
    let value: Value
    /// How many have joined and not left.
    var count = 1
  }

  private var numbers: [[UInt8]: Int] = [:]
  private var entries: [Int: Entry] = [:]
  private var places: [Place: Set<Int>] = [:]
  private var nextNumber = 0

  /// Those of all filters.
  var values: [Value] { entries.values.map(\.value) }

  var isEmpty: Bool { entries.isEmpty }

  /// What belongs to a filter; made where nobody has it yet.
  mutating func join(_ filter: FollowFilter, make: () -> Value) -> Value {
    if let number = numbers[filter.key], let known = entries[number] {
      entries[number]?.count += 1
      return known.value
    }
    let value = make()
    numbers[filter.key] = nextNumber
    entries[nextNumber] = Entry(filter: filter, value: value)
    for place in Self.places(of: filter) { places[place, default: []].insert(nextNumber) }
    nextNumber += 1
    return value
  }

  /// Counts one out.
  mutating func leave(_ filter: FollowFilter) {
    guard let number = numbers[filter.key], let entry = entries[number] else { return }
    guard entry.count == 1 else {
      entries[number]?.count -= 1
      return
    }
    numbers.removeValue(forKey: filter.key)
    entries.removeValue(forKey: number)
    for place in Self.places(of: filter) {
      places[place]?.remove(number)
      if places[place]?.isEmpty == true { places.removeValue(forKey: place) }
    }
  }

  /// The filters that one of some events passes.
  struct Matches {
    fileprivate var numbers: Set<Int> = []
  }

  /// Adds the filters that an event passes.
  func find(_ event: borrowing EventView, _ found: inout Matches) {
    guard found.numbers.count < entries.count else { return }
    find(.anywhere, event, &found)
    find(.ofRoutingKey(event.routingKey), event, &found)
    find(.ofType(event.aggregatorType), event, &found)
    find(.ofName(event.aggregatorType, event.name), event, &found)
    find(.inAggregate(event.aggregatorType, event.aggregatorID), event, &found)
  }

  private func find(_ place: Place, _ event: borrowing EventView, _ found: inout Matches) {
    guard let numbers = places[place] else { return }
    for number in numbers where !found.numbers.contains(number) {
      if entries[number]?.filter.matches(event) == true { found.numbers.insert(number) }
    }
  }

  /// What belongs to the filters that were found.
  func values(_ found: Matches) -> [Value] {
    found.numbers.compactMap { entries[$0]?.value }
  }

  private static func places(of filter: FollowFilter) -> [Place] {
    guard let aggregators = filter.aggregators else {
      return if case .value(let key) = filter.routingKey { [.ofRoutingKey(key)] } else { [.anywhere] }
    }
    return aggregators.map { aggregator in
      let type = aggregator.aggregatorType
      if let id = aggregator.aggregatorID { return .inAggregate(type, id) }
      if let name = aggregator.name { return .ofName(type, name) }
      return .ofType(type)
    }
  }
}
