extension Int64 {
  /// A whole number in decimal digits: no sign, point or exponent. Zeros before it, which JSON has none of and a shell's
  /// loop may well have in a query, count for nothing.
  init?(digits text: some Collection<UInt8>) {
    guard !text.isEmpty else { return nil }
    var number: Int64 = 0
    for byte in text {
      guard UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte else { return nil }
      let (tens, tooMany) = number.multipliedReportingOverflow(by: 10)
      let (sum, tooLarge) = tens.addingReportingOverflow(Int64(byte - UInt8(ascii: "0")))
      guard !tooMany, !tooLarge else { return nil }
      number = sum
    }
    self = number
  }
}
