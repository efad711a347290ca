internal import Evento

/// Filters, indexed so that the matching ones of an event are found without trying each: an event is looked up under
/// the few combinations of its names and routing key that a filter can select.
struct FilterIndex<Value> {
  /// A filter among others, until it leaves.
  struct Member {
    /// The number, which no other member ever has.
    let number: Int
    /// The filter that all members with an equal one share.
    let filter: FollowFilter
    let value: Value
  }

  private struct Entry {
    let member: Member
    /// The number of members that have joined and not left.
    var count = 1
  }

  private struct Occupants {
    /// The number, which no other entry ever has.
    let number: Int
    var filters: Set<Int> = []
  }

  private var numbers: [FollowFilter: Int] = [:]
  private var entries: [Int: Entry] = [:]
  private var places: [FilterKey: Occupants] = [:]
  /// The number of entries of each form: an event is not looked up under a form that no filter has.
  private var forms = [Int](repeating: 0, count: FilterKey.Form.all.count)
  private var nextNumber = 0
  private var nextPlace = 0
  /// The sum of ``FollowFilter/cost`` of all filters. Equal ones count once.
  private(set) var cost = 0

  /// The values of all filters.
  var values: [Value] { entries.values.map(\.member.value) }

  var isEmpty: Bool { entries.isEmpty }

  /// Adds a member with a filter.
  ///
  /// - Parameter make: Makes the value of the filter, if no member has an equal one.
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
    for place in filter.aggregators.filterKeys(filter.routingKey) { occupy(place, member.number) }
    return member
  }

  /// Removes a member.
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
    for place in filter.aggregators.filterKeys(filter.routingKey) { vacate(place, number) }
  }

  private mutating func occupy(_ place: FilterKey, _ number: Int) {
    if places[place]?.filters.insert(number) == nil {
      places[place] = Occupants(number: nextPlace, filters: [number])
      nextPlace += 1
      forms[place.form.index] += 1
    }
  }

  private mutating func vacate(_ place: FilterKey, _ number: Int) {
    places[place]?.filters.remove(number)
    if places[place]?.filters.isEmpty == true {
      places.removeValue(forKey: place)
      forms[place.form.index] -= 1
    }
  }

  // MARK: Finding

  /// The filters that match one of some events.
  struct Matches {
    fileprivate var numbers: Set<Int> = []
    /// The entries that have been looked up already.
    fileprivate var places: Set<Int> = []
  }

  /// Adds the filters that match an event.
  func find(_ event: CommitHint.Event, _ found: inout Matches) {
    for form in FilterKey.Form.all where forms[form.index] > 0 {
      let place = FilterKey(
        form, type: event.aggregatorType, id: event.aggregatorID, name: event.name, routingKey: event.routingKey)
      // The filters of an entry are visited once, however many events match it.
      guard let occupants = places[place], found.places.insert(occupants.number).inserted else { continue }
      found.numbers.formUnion(occupants.filters)
    }
  }

  /// Returns the values of the filters that were found, and have not left since.
  func values(_ found: Matches) -> [Value] {
    found.numbers.compactMap { entries[$0]?.member.value }
  }
}

extension FilterIndex.Matches: Sendable {}
extension FilterIndex.Member: Sendable where Value: Sendable {}
