import ByteCoding
import Foundation

/// A typical payload, of 230 bytes.
struct Order: Codable, Equatable {
  struct Address: Codable, Equatable {
    var street: String
    var city: String
    var zip: String
  }

  var order: String
  var customer: String
  var cents: Int
  var items: Int
  var note: String?
  var address: Address
  var tags: [String]
  var placedAt: Date

  static let sample = Order(
    order: "01JDQ3N0V4M2Q7W5YB8T6K9R1C", customer: "Ada Lovelace", cents: 129_900, items: 3,
    address: Address(street: "12 St James's Square", city: "London", zip: "SW1Y 4JH"), tags: ["gift", "express"],
    placedAt: Date(timeIntervalSince1970: 1_795_599_885.407))

  /// With dates as `JSONCoder` has them.
  static func foundationDecoder() -> JSONDecoder {
    let decoder = JSONDecoder()
    decoder.dateDecodingStrategy = .custom { decoder in
      let container = try decoder.singleValueContainer()
      guard let moment = RFC3339(try container.decode(String.self)) else {
        throw DecodingError.dataCorruptedError(in: container, debugDescription: "Expected a date.")
      }
      return Date(timeIntervalSince1970: moment.secondsSince1970)
    }
    return decoder
  }

  /// With dates and formatting as `JSONCoder` has them.
  static func foundationEncoder() -> JSONEncoder {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.dateEncodingStrategy = .custom { date, encoder in
      var container = encoder.singleValueContainer()
      try container.encode(RFC3339.text(milliseconds: Int64((date.timeIntervalSince1970 * 1000).rounded())))
    }
    return encoder
  }
}
