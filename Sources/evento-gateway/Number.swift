internal import ArgumentParser

/// The value of an option that is a number. Any text is accepted, so that the error of a bad one quotes the bounds,
/// whatever is wrong with it.
struct Number: ExpressibleByArgument {
  let text: String
  private let parsed: Int?

  init(_ value: Int) {
    (text, parsed) = ("\(value)", value)
  }

  init(argument: String) {
    (text, parsed) = (argument, Int(argument))
  }

  /// 0 if the text is no number, which ``Setting/check(_:)`` refuses.
  var value: Int { parsed ?? 0 }

  var defaultValueDescription: String { text }

  func isIn(_ range: ClosedRange<Int>) -> Bool {
    parsed.map(range.contains) ?? false
  }
}
