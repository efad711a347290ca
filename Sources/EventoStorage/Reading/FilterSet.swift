package import Evento

/// The filters of a read or a condition, matched with the names of an event in memory: 200 of them cost no more than
/// one.
package struct FilterSet {
  private let keys: Set<FilterKey>
  /// The forms of the filters. Those with an aggregate id come last.
  private let forms: [FilterKey.Form]

  package init(_ aggregators: [ReadAggregator]?, _ routingKey: RoutingKey) {
    let keys = aggregators.filterKeys(routingKey)
    // There are few forms, however many keys.
    var forms: [FilterKey.Form] = []
    for key in keys where !forms.contains(key.form) { forms.append(key.form) }
    self.keys = Set(keys)
    self.forms = forms.filter { !$0.hasID } + forms.filter { $0.hasID }
  }

  /// True if a filter has the id of an aggregate.
  package var hasIDs: Bool { forms.last?.hasID ?? false }

  /// Returns whether an event matches.
  ///
  /// - Parameter id: Returns the id of the event's aggregate. Called only if a filter has one.
  package func matches<Failure: Error>(
    type: String, name: String, routingKey: String?, id: () throws(Failure) -> String
  ) throws(Failure) -> Bool {
    var known: String?
    for form in forms {
      if form.hasID, known == nil { known = try id() }
      let key = FilterKey(form, type: type, id: known, name: name, routingKey: routingKey)
      if keys.contains(key) { return true }
    }
    return false
  }
}
