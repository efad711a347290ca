/// The fields of a message in the order in which they came or will go.
///
/// Names are compared without regard to case (RFC 9110 §5.1). Looking one up takes time in proportion to the number of
/// fields, which the server bounds.
public struct Headers: Sendable {
  /// One field line.
  public typealias Field = (name: String, value: String)

  private var fields: [Field] = []

  /// Fields in the order given; a name may come several times.
  public init(_ fields: [(String, String)] = []) {
    self.fields = fields.map { (name: $0.0, value: $0.1) }
  }

  /// The value of the first field of that name.
  public subscript(name: String) -> String? {
    fields.first { FieldName.areEqual($0.name, name) }?.value
  }

  /// The values of all fields of that name, in order.
  public func values(of name: String) -> [String] {
    fields.filter { FieldName.areEqual($0.name, name) }.map(\.value)
  }

  /// Adds a field line after the others.
  public mutating func append(_ name: String, _ value: String) {
    fields.append((name, value))
  }
}

extension Headers: RandomAccessCollection {
  public var startIndex: Int { 0 }
  public var endIndex: Int { fields.count }
  public subscript(position: Int) -> Field { fields[position] }
}

extension Headers: ExpressibleByDictionaryLiteral {
  public init(dictionaryLiteral elements: (String, String)...) {
    self.init(elements)
  }
}

/// Field names as bytes.
enum FieldName {
  /// Whether two names are the same field's: ASCII letters alone have a case (RFC 9110 §5.6.2).
  static func areEqual(_ left: String, _ right: String) -> Bool {
    let (left, right) = (left.utf8, right.utf8)
    guard left.count == right.count else { return false }
    return zip(left, right).allSatisfy { ASCII.lowercased($0) == ASCII.lowercased($1) }
  }
}
