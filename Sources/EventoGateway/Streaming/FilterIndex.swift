internal import Evento

/// Filters, indexed so that the matching ones of an event are found without trying each: an event is looked up under
/// the few combinations of its names and routing key that a filter can select.
struct FilterIndex<Value> {
  /// A filter, which all members with an equal one share, until the last of them leaves.
  struct Member {
    /// The number, which no other filter ever has.
    let number: Int
    let filter: FollowFilter
    let value: Value
  }

  private struct Entry {
    let member: Member
    /// The number of members that have joined and not left.
    var count = 1
  }

  /// The filters under one key.
  private struct Bucket {
    /// The number, which no other bucket ever has.
    let number: Int
    var filters: Set<Int> = []
  }

  private var numbers: [FollowFilter: Int] = [:]
  private var entries: [Int: Entry] = [:]
  private var buckets: [FilterKey: Bucket] = [:]
  /// The number of buckets of each form: an event is not looked up under a form that no filter has.
  private var forms = [Int](repeating: 0, count: FilterKey.Form.all.count)
  private var nextNumber = 0
  private var nextBucket = 0
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
    for key in filter.aggregators.filterKeys(filter.routingKey) { insert(member.number, under: key) }
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
    for key in filter.aggregators.filterKeys(filter.routingKey) { remove(number, under: key) }
  }

  private mutating func insert(_ number: Int, under key: FilterKey) {
    if buckets[key]?.filters.insert(number) == nil {
      buckets[key] = Bucket(number: nextBucket, filters: [number])
      nextBucket += 1
      forms[key.form.index] += 1
    }
  }

  private mutating func remove(_ number: Int, under key: FilterKey) {
    buckets[key]?.filters.remove(number)
    if buckets[key]?.filters.isEmpty == true {
      buckets.removeValue(forKey: key)
      forms[key.form.index] -= 1
    }
  }

  // MARK: Finding

  /// The filters that match one of some events.
  struct Matches {
    fileprivate var numbers: Set<Int> = []
    /// The buckets that have been looked up already.
    fileprivate var buckets: Set<Int> = []
  }

  /// Adds the filters that match an event.
  func find(_ event: CommitHint.Event, _ found: inout Matches) {
    for form in FilterKey.Form.all where forms[form.index] > 0 {
      let key = FilterKey(
        form, type: event.aggregatorType, id: event.aggregatorID, name: event.name, routingKey: event.routingKey)
      // The filters of a bucket are visited once, however many events match it.
      guard let bucket = buckets[key], found.buckets.insert(bucket.number).inserted else { continue }
      found.numbers.formUnion(bucket.filters)
    }
  }

  /// Returns the values of the filters that were found, and have not left since.
  func values(_ found: Matches) -> [Value] {
    found.numbers.compactMap { entries[$0]?.member.value }
  }
}

extension FilterIndex.Matches: Sendable {}
extension FilterIndex.Member: Sendable where Value: Sendable {}
