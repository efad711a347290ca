internal import ArgumentParser

/// A numeric setting with its range.
struct Setting {
  let name: String
  private let number: Number
  private let range: ClosedRange<Int>

  init(_ name: String, _ number: Number, _ range: ClosedRange<Int>) {
    self.name = name
    self.number = number
    self.range = range
  }

  var value: Int { number.value }

  /// - Throws: `ValidationError` for the first one out of its range.
  static func check(_ settings: [Setting]) throws {
    for setting in settings where !setting.number.isIn(setting.range) {
      throw ValidationError(
        "\(setting.name) must be \(setting.range.lowerBound) to \(setting.range.upperBound), but is \"\(setting.number.text)\"."
      )
    }
  }
}
