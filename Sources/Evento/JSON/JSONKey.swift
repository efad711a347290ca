/// The name of a member or the number of an element in the path to a value.
struct JSONKey: CodingKey {
  let stringValue: String
  let intValue: Int?

  init(stringValue: String) {
    self.stringValue = stringValue
    intValue = nil
  }

  init(intValue: Int) {
    self.init(index: intValue)
  }

  /// The number of an element.
  init(index: Int) {
    // The name that Foundation gives it.
    stringValue = "Index \(index)"
    intValue = index
  }

  /// The member of an object for its superclass.
  static let `super` = JSONKey(stringValue: "super")
}
