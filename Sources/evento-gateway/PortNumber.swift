internal import ArgumentParser

/// The value of `--port`. Any text is one, so that the error of a bad one quotes the bounds, whatever is wrong with it.
struct PortNumber: ExpressibleByArgument {
  private let text: String
  /// `nil` if the text is not a number in the bounds.
  let value: UInt16?

  init(_ value: UInt16) {
    (text, self.value) = ("\(value)", value)
  }

  init(argument: String) {
    (text, value) = (argument, UInt16(argument))
  }

  var defaultValueDescription: String { text }

  /// - Throws: `ValidationError` if there is no value.
  func check(_ option: String) throws {
    guard value == nil else { return }
    throw ValidationError("\(option) must be 0 to \(UInt16.max), but is \(text).")
  }
}
