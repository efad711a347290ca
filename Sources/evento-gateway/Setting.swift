internal import ArgumentParser

/// A setting that is a number, with the values that it may have.
struct Setting {
  let name: String
  let value: Int
  let range: ClosedRange<Int>

  init(_ name: String, _ value: Int, _ range: ClosedRange<Int>) {
    self.name = name
    self.value = value
    self.range = range
  }

  /// - Throws: `ValidationError` for the first one that is out of its range.
  static func check(_ settings: [Setting]) throws {
    for setting in settings where !setting.range.contains(setting.value) {
      throw ValidationError(
        "\(setting.name) must be \(setting.range.lowerBound) to \(setting.range.upperBound), but is \(setting.value).")
    }
  }
}
