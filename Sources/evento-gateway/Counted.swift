extension Int {
  /// The number with its noun, for people: `1 event`, `2 events`.
  func counted(_ noun: String) -> String { "\(self) \(noun)\(self == 1 ? "" : "s")" }
}
