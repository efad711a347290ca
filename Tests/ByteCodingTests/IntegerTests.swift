import ByteCoding
import Testing

@Suite struct IntegerTests {
  /// Every length, and each side of the borders between them.
  private static let numbers: [Int64] = {
    var numbers: [Int64] = [.max, .max - 1, .min, .min + 1]
    var power: Int64 = 1
    for _ in 0..<19 {
      numbers += [power - 1, power, power + 1, -power, 1 - power, -1 - power]
      power = power.multipliedReportingOverflow(by: 10).partialValue
    }
    return numbers
  }()

  @Test(arguments: numbers)
  func isWrittenAsTheStandardLibraryDoes(_ number: Int64) {
    var text = Array("x".utf8)
    text.append(integer: number)
    #expect(String(decoding: text, as: UTF8.self) == "x\(number)")
  }

  @Test(arguments: numbers.filter { $0 >= 0 })
  func digitsAreReadAgain(_ number: Int64) {
    #expect(Int64(digits: "\(number)".utf8) == number)
    #expect(Int64(digits: "000\(number)".utf8) == number)
  }

  @Test(arguments: [
    "", "-1", "+1", "1.0", "1e3", " 1", "1 ", "0x1", "٣", "1\u{0}", "9223372036854775808", "9223372036854775810",
    "92233720368547758070", "18446744073709551616",
  ])
  func whatIsNoNumberIsRefused(_ text: String) {
    #expect(Int64(digits: text.utf8) == nil)
  }

  @Test(arguments: [0, 1, 9, 10, 15, 16, 17, 255, 256, 4095, 4096, 1 << 60, .max >> 1, .max - 1, .max] as [UInt])
  func isWrittenInHexadecimalDigits(_ number: UInt) {
    var text = Array("x".utf8)
    text.append(hex: number)
    #expect(String(decoding: text, as: UTF8.self) == "x" + String(number, radix: 16))
  }

  @Test(arguments: [(0, 2, "00"), (7, 2, "07"), (10, 2, "10"), (123, 2, "123"), (0, 4, "0000"), (9999, 4, "9999")])
  func isPadded(_ number: Int64, _ digits: Int, _ text: String) {
    #expect(String(number, digits: digits) == text)
  }
}
