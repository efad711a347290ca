internal import Evento

/// Filters, and the ones of them that an event passes, found without trying each: an event is looked up under the few
/// combinations of its names and routing key that a filter can ask for.
struct FilterIndex<Value> {
  /// A filter among others, until it leaves.
  struct Member {
    /// No other filter has it, or will.
    let number: Int
    /// The filter that all members with an equal one share.
    let filter: FollowFilter
    let value: Value
  }

  /// All that a filter, or one of its aggregators, asks of an event: what passes has these texts, by their bytes.
  private struct Place: Hashable {
    let shape: Shape
    var type: ExactText?
    var id: ExactText?
    var name: ExactText?
    var routingKey: ExactText?
  }

  /// Which texts an event is asked for.
  private struct Shape: Hashable {
    enum Names: Int, CaseIterable {
      case none
      case ofType
      case ofName
      case ofAggregate
      case ofNameInAggregate
    }

    let names: Names
    let hasRoutingKey: Bool

    var index: Int { names.rawValue * 2 + (hasRoutingKey ? 1 : 0) }
    static var all: [Shape] {
      Names.allCases.flatMap { [Shape(names: $0, hasRoutingKey: false), Shape(names: $0, hasRoutingKey: true)] }
    }
  }

  private struct Entry {
    let member: Member
    /// How many have joined and not left.
    var count = 1
  }

  private struct Occupants {
    /// No other place has it, or will.
    let number: Int
    var filters: Set<Int> = []
  }

  private var numbers: [FollowFilter: Int] = [:]
  private var entries: [Int: Entry] = [:]
  private var places: [Place: Occupants] = [:]
  /// How many places have each shape: an event is not looked up under those that no filter has.
  private var shapes = [Int](repeating: 0, count: Shape.Names.allCases.count * 2)
  private var nextNumber = 0
  private var nextPlace = 0
  /// ``FollowFilter/cost`` of all filters, equal ones counted once.
  private(set) var cost = 0

  /// Those of all filters.
  var values: [Value] { entries.values.map(\.member.value) }

  var isEmpty: Bool { entries.isEmpty }

  /// Joins with a filter.
  ///
  /// - Parameter make: makes what belongs to the filter, if no member has an equal one.
  /// - Returns: `nil` if the filters would cost more than the limit.
  mutating func join(_ filter: FollowFilter, upTo limit: Int = .max, make: () -> Value) -> Member? {
    if let number = numbers[filter], let known = entries[number] {
      entries[number]?.count += 1
      return known.member
    }
    guard filter.cost <= limit - cost else { return nil }
    cost += filter.cost
    let member = Member(number: nextNumber, filter: filter, value: make())
    nextNumber += 1
    numbers[filter] = member.number
    entries[member.number] = Entry(member: member)
    for place in Self.places(of: filter) { occupy(place, member.number) }
    return member
  }

  /// Counts one out.
  mutating func leave(_ number: Int) {
    guard let entry = entries[number] else { return }
    guard entry.count == 1 else {
      entries[number]?.count -= 1
      return
    }
    let filter = entry.member.filter
    cost -= filter.cost
    numbers.removeValue(forKey: filter)
    entries.removeValue(forKey: number)
    for place in Self.places(of: filter) { vacate(place, number) }
  }

  private mutating func occupy(_ place: Place, _ number: Int) {
    if places[place]?.filters.insert(number) == nil {
      places[place] = Occupants(number: nextPlace, filters: [number])
      nextPlace += 1
      shapes[place.shape.index] += 1
    }
  }

  private mutating func vacate(_ place: Place, _ number: Int) {
    places[place]?.filters.remove(number)
    if places[place]?.filters.isEmpty == true {
      places.removeValue(forKey: place)
      shapes[place.shape.index] -= 1
    }
  }

  // MARK: Finding

  /// The filters that one of some events passes.
  struct Matches {
    fileprivate var numbers: Set<Int> = []
    /// The places that have been looked up already.
    fileprivate var places: Set<Int> = []
  }

  /// Adds the filters that an event passes.
  func find(_ event: CommitHint.Event, _ found: inout Matches) {
    for shape in Shape.all where shapes[shape.index] > 0 {
      let (names, key) = (shape.names, shape.hasRoutingKey ? event.routingKey : nil)
      let place = Place(
        shape: shape,
        type: names == .none ? nil : ExactText(event.aggregatorType),
        id: names == .ofAggregate || names == .ofNameInAggregate ? ExactText(event.aggregatorID) : nil,
        name: names == .ofName || names == .ofNameInAggregate ? ExactText(event.name) : nil,
        routingKey: key.map(ExactText.init))
      // However many events are found there, their filters are gone through once.
      guard let occupants = places[place], found.places.insert(occupants.number).inserted else { continue }
      found.numbers.formUnion(occupants.filters)
    }
  }

  /// What belongs to the filters that were found, and have not left since.
  func values(_ found: Matches) -> [Value] {
    found.numbers.compactMap { entries[$0]?.member.value }
  }

  /// The places at which events that pass a filter are looked up. Two aggregators may have the same.
  private static func places(of filter: FollowFilter) -> [Place] {
    let (hasKey, key): (Bool, ExactText?) =
      switch filter.routingKey {
      case .all: (false, nil)
      case .value(let key): (true, key.map(ExactText.init))
      }
    guard let aggregators = filter.aggregators else {
      return [Place(shape: Shape(names: .none, hasRoutingKey: hasKey), routingKey: key)]
    }
    return aggregators.map { aggregator in
      let names: Shape.Names =
        switch (aggregator.aggregatorID, aggregator.name) {
        case (nil, nil): .ofType
        case (nil, .some): .ofName
        case (.some, nil): .ofAggregate
        case (.some, .some): .ofNameInAggregate
        }
      return Place(
        shape: Shape(names: names, hasRoutingKey: hasKey), type: ExactText(aggregator.aggregatorType),
        id: aggregator.aggregatorID.map(ExactText.init), name: aggregator.name.map(ExactText.init), routingKey: key)
    }
  }
}

extension FilterIndex.Matches: Sendable {}
extension FilterIndex.Member: Sendable where Value: Sendable {}
