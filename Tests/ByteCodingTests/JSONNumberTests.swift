import ByteCoding
import Testing

@Suite struct JSONNumberTests {
  private func integer<Value: FixedWidthInteger>(_ text: String, _ type: Value.Type) -> Value? {
    JSONNumber.integer(Array(text.utf8).span)
  }

  @Test(arguments: [
    ("0", 0), ("-0", 0), ("-0.0", 0), ("0e99999999999999999999", 0), ("7", 7), ("1.0", 1), ("10e-1", 1), ("1E2", 100),
    ("1.5e1", 15), ("-1.50e+1", -15), ("9223372036854775807", .max), ("-9223372036854775808", .min),
    ("9223372036854775807.000", .max), ("922337203685477580.7e1", .max), ("9007199254740993", 9_007_199_254_740_993),
    ("9007199254740993.0", 9_007_199_254_740_993), ("1.5", nil), ("1.0000000000000001", nil), ("1e-400", nil),
    ("9223372036854775808", nil), ("-9223372036854775809", nil), ("1e19", nil), ("1e400", nil),
    ("1e99999999999999999999", nil), ("1e-99999999999999999999", nil), ("100000000000000000000", nil),
  ])
  func readsIntegersExactly(_ text: String, _ expected: Int64?) {
    #expect(integer(text, Int64.self) == expected)
  }

  @Test func readsTheRangeOfEveryType() {
    func check<Value: FixedWidthInteger>(_ type: Value.Type) {
      #expect(integer(String(Value.max), type) == .max && integer(String(Value.min), type) == .min)
      #expect(integer(String(Value.max) + "0", type) == nil)
      #expect(integer(String(Value.max) + ".0", type) == .max)
      #expect(Value.isSigned || integer("-1", type) == nil && integer("-0", type) == 0)
    }
    check(Int8.self)
    check(UInt8.self)
    check(Int16.self)
    check(UInt32.self)
    check(Int.self)
    check(UInt64.self)
    check(Int128.self)
    check(UInt128.self)
    #expect(integer("9999999999999999999", UInt64.self) == 9_999_999_999_999_999_999)
    #expect(integer("-9999999999999999999", Int128.self) == -9_999_999_999_999_999_999)
    #expect(integer("256", UInt8.self) == nil && integer("-129", Int8.self) == nil)
  }

  @Test(arguments: [
    "0", "-0", "1", "0.1", "-0.1", "1.7976931348623157e308", "5e-324", "2.2250738585072014e-308", "1e22", "1e23",
    "9007199254740992", "9007199254740993", "9007199254740993.0", "0.30000000000000004", "123456.789012345678",
    "12345678901234567890", "18446744073719103230", "1844674407371910323.0", "0.00000000000000000001",
    "1.0e-5", "817292685.4071",
    "3.14159265358979323846264338327950288",
  ])
  func readsTheNearestDouble(_ text: String) {
    #expect(JSONNumber.double(Array(text.utf8).span)?.bitPattern == Double(text)?.bitPattern)
    #expect(JSONNumber.float(Array("1.5".utf8).span) == 1.5)
  }

  @Test func readsEveryShortFractionAsTheNearestDouble() {
    for digits in stride(from: 0, to: 1_000_000, by: 7) {
      let text = "-\(digits / 1000).\(String(digits % 1000 + 1000).dropFirst())"
      #expect(JSONNumber.double(Array(text.utf8).span) == Double(text))
    }
  }

  @Test(arguments: ["1e400", "-1e309", "1e-400", "-0.1e-999999999999999999999"])
  func refusesWhatNoDoubleIsNear(_ text: String) {
    #expect(JSONNumber.double(Array(text.utf8).span) == nil)
    #expect(JSONNumber.float(Array("1e39".utf8).span) == nil && JSONNumber.float(Array("1e-60".utf8).span) == nil)
  }
}
