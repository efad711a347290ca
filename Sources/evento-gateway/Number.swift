internal import ArgumentParser

/// A number given as an option. Any text is accepted, so that the error of an invalid one can quote the bounds.
struct Number: ExpressibleByArgument {
  let text: String
  private let parsed: Int?

  init(_ value: Int) {
    (text, parsed) = ("\(value)", value)
  }

  init(argument: String) {
    (text, parsed) = (argument, Int(argument))
  }

  /// 0 if the text is not a number, which ``Setting/check(_:)`` rejects.
  var value: Int { parsed ?? 0 }

  var defaultValueDescription: String { text }

  func isIn(_ range: ClosedRange<Int>) -> Bool {
    parsed.map(range.contains) ?? false
  }
}
