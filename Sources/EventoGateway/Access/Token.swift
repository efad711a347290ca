internal import ByteCoding
internal import Evento

/// Generates tokens.
package enum Token {
  /// Returns a new token: 256 bits of the system's random numbers, as text that fits into a header.
  package static func fresh() -> String {
    var random = SystemRandomNumberGenerator()
    let bytes = (0..<32).map { _ in UInt8.random(in: .min ... .max, using: &random) }
    return "evt_" + Base64.url.encode(bytes)
  }
}
