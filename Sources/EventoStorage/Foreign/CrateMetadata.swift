internal import ByteCoding
package import Evento

extension Metadata {
  /// Creates metadata from that of the Rust crate `evento` 2.0: an id and a map of values, encoded by the crate `bitcode`.
  ///
  /// `requested_by` and `requested_as` become the strings that they are. The bytes of another value have lost their type,
  /// so they become base64, as all bytes do if they are not such metadata. The members are sorted, because the map is
  /// not: the same bytes become the same metadata, each time.
  package init(crate bytes: [UInt8]) {
    var json = JSONWriter()
    if let (id, values) = Self.decode(bytes) {
      json.write(json: "{\"id\":")
      json.write(string: id)
      for (name, value) in values {
        json.write(json: ",")
        if let requester = Self.requesters[name], let text = Self.text(value) {
          json.write(string: requester)
          json.write(json: ":")
          json.write(string: text)
        } else {
          json.write(string: "base64:" + name)
          json.write(json: ":")
          json.write(plainString: Base64.standard.encode(value))
        }
      }
    } else {
      json.write(json: "{\"base64\":")
      json.write(plainString: Base64.standard.encode(bytes))
    }
    json.write(json: "}")
    self.init(checked: json.take())
  }

  private static let requesters = ["EVENTO_REQUESTED_BY": "requested_by", "EVENTO_REQUESTED_AS": "requested_as"]

  private static func decode(_ bytes: [UInt8]) -> (id: String, values: [(String, [UInt8])])? {
    var reader = BitcodeReader(bytes)
    guard let id = reader.strings(1)?.first, let count = reader.lengths(1)?.first, count <= bytes.count,
      let names = reader.strings(count), let values = reader.byteStrings(count), reader.isAtEnd,
      Set(names.map { Array($0.utf8) }).count == count
    else { return nil }
    let sorted = zip(names, values).sorted { $0.0.utf8.lexicographicallyPrecedes($1.0.utf8) }
    return (id, sorted)
  }

  /// A value that is a string.
  private static func text(_ value: [UInt8]) -> String? {
    var reader = BitcodeReader(value)
    guard let text = reader.strings(1)?.first, reader.isAtEnd else { return nil }
    return text
  }
}
