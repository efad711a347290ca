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

/// A file's permissions in octal digits, like those of `chmod`. Any text is accepted, so that the error of an invalid
/// one can quote the bounds.
struct FileMode: ExpressibleByArgument {
  private let text: String
  /// 0 if the text is invalid, which ``check(_:including:)`` rejects.
  let bits: UInt16
  private let isValid: Bool

  init(bits: UInt16) {
    (text, self.bits, isValid) = (String(bits, radix: 8), bits, true)
  }

  init(argument: String) {
    let isOctal = (3...4).contains(argument.utf8.count) && argument.utf8.allSatisfy { (0x30...0x37).contains($0) }
    let bits = isOctal ? UInt16(argument, radix: 8) ?? .max : .max
    (text, isValid) = (argument, bits <= 0o777)
    self.bits = isValid ? bits : 0
  }

  var defaultValueDescription: String { text }

  /// - Throws: `ValidationError` if the permissions are invalid or lack the required ones.
  func check(_ option: String, including required: UInt16 = 0) throws {
    guard !isValid || bits & required != required else { return }
    let least = String(required, radix: 8)
    throw ValidationError(
      "\(option) must be three octal digits, \(required == 0 ? "000" : least) to 777, but is \"\(text)\".")
  }
}
