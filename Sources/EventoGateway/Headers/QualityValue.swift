internal import Evento
internal import EventoWire

/// The weight of a member of a list such as `Accept` (RFC 9110 §12.4.2).
enum QualityValue {
  /// Returns the value of the first `q`, from 0 to 1; 1 without one, 0 if it is not a number.
  ///
  /// - Parameter parameters: The parameters of a member, without the semicolon before the first.
  static func first(in parameters: ArraySlice<UInt8>) -> Double {
    // No member has nearly as many parameters. Further ones are ignored.
    for parameter in parameters.split(separator: UInt8(ascii: ";"), maxSplits: 16).lazy.map(\.trimmed) {
      guard parameter.prefix(2).isEqual(ignoringCase: Array("q=".utf8)) else { continue }
      // Longer than any qvalue, which has three digits after its point.
      guard parameter.count <= 16 else { return 0 }
      return min(max(Double(String(decoding: parameter.dropFirst(2), as: UTF8.self)) ?? 0, 0), 1)
    }
    return 1
  }
}
