import Foundation

/// Types that use every part of `Codable`, for the comparison with Foundation.
enum Shapes {
  struct Order: Codable, Equatable {
    struct Line: Codable, Equatable {
      var cents: Int
      var share: Double?
      var small: UInt8?
      var text: String?
    }

    enum Status: String, Codable { case open, paid }

    var lines: [Line]?
    var status: Status?
    var rate: Decimal?
    var at: Date?
    var page: URL?
    var id: UUID?
    var bytes: Data?
    var isPaid: Bool?
    var size: Float?
  }

  /// Without optionals.
  struct Numbers: Codable, Equatable {
    var a: Int8
    var b: UInt16
    var c: Int32
    var d: UInt32
    var e: Int64
    var f: UInt64
    var g: Int16
    var h: UInt
  }

  enum Payment: Codable, Equatable {
    case cash
    case card(number: String, year: Int?)
    case both(Int, String)
    indirect case split(Payment, Payment)
  }

  enum Currency: String, Codable, CodingKeyRepresentable { case eur, usd }
  enum Level: Int, Codable { case low = 1, high = 2 }

  struct Maps: Codable, Equatable {
    var byName: [String: Int]?
    var byNumber: [Int: [String?]]?
    var byCurrency: [Currency: Bool]?
    /// An array of keys and values.
    var byLevel: [Level: Int]?
    var deep: [String: [String: Double]]?
  }

  final class Tree: Codable, Equatable {
    let name: String?
    let children: [Tree]

    static func == (left: Tree, right: Tree) -> Bool { left.name == right.name && left.children == right.children }
  }

  class Animal: Codable, Equatable {
    var name: String

    init(name: String) { self.name = name }

    static func == (left: Animal, right: Animal) -> Bool { left.isEqual(right) }
    func isEqual(_ other: Animal) -> Bool { name == other.name }
  }

  /// With its superclass in the same object.
  final class Cat: Animal {
    var lives: Int

    private enum CodingKeys: CodingKey { case lives }

    required init(from decoder: any Decoder) throws {
      lives = try decoder.container(keyedBy: CodingKeys.self).decode(Int.self, forKey: .lives)
      try super.init(from: decoder)
    }

    override func encode(to encoder: any Encoder) throws {
      try super.encode(to: encoder)
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(lives, forKey: .lives)
    }

    override func isEqual(_ other: Animal) -> Bool { super.isEqual(other) && lives == (other as? Cat)?.lives }
  }

  /// With its superclass in a member.
  final class Dog: Animal {
    var toys: [String]
    var owner: Animal?

    private enum CodingKeys: CodingKey { case toys, owner }

    required init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      toys = try container.decode([String].self, forKey: .toys)
      owner = try Animal?(from: container.superDecoder(forKey: .owner))
      try super.init(from: container.superDecoder())
    }

    override func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try super.encode(to: container.superEncoder())
      try container.encode(toys, forKey: .toys)
      try owner.encode(to: container.superEncoder(forKey: .owner))
    }

    override func isEqual(_ other: Animal) -> Bool {
      super.isEqual(other) && toys == (other as? Dog)?.toys && owner == (other as? Dog)?.owner
    }
  }

  /// Nested containers that are used by turns.
  struct Nested: Codable, Equatable {
    var x: Int
    var y: Int
    var rows: [[Int]]

    private enum Outer: CodingKey { case point, rows }
    private enum Inner: CodingKey { case x, y }

    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: Outer.self)
      let point = try container.nestedContainer(keyedBy: Inner.self, forKey: .point)
      var outer = try container.nestedUnkeyedContainer(forKey: .rows)
      rows = []
      x = try point.decode(Int.self, forKey: .x)
      while !outer.isAtEnd {
        var inner = try outer.nestedUnkeyedContainer()
        var row: [Int] = []
        while !inner.isAtEnd { row.append(try inner.decodeNil() ? -1 : inner.decode(Int.self)) }
        rows.append(row)
      }
      y = try point.decodeIfPresent(Int.self, forKey: .y) ?? 0
    }

    func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: Outer.self)
      var outer = container.nestedUnkeyedContainer(forKey: .rows)
      var point = container.nestedContainer(keyedBy: Inner.self, forKey: .point)
      try point.encode(y, forKey: .y)
      for row in rows {
        var inner = outer.nestedUnkeyedContainer()
        for number in row { try number < 0 ? inner.encodeNil() : inner.encode(number) }
      }
      var again = container.nestedContainer(keyedBy: Inner.self, forKey: .point)
      try again.encode(x, forKey: .x)
    }
  }

  /// Any JSON, found by trial.
  enum Anything: Codable, Equatable {
    case null
    case boolean(Bool)
    case integer(Int)
    case number(Double)
    case string(String)
    case array([Anything])
    case object([String: Anything])

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if container.decodeNil() {
        self = .null
      } else if let value = try? container.decode(Bool.self) {
        self = .boolean(value)
      } else if let value = try? container.decode(Int.self) {
        self = .integer(value)
      } else if let value = try? container.decode(Double.self) {
        self = .number(value)
      } else if let value = try? container.decode(String.self) {
        self = .string(value)
      } else if let value = try? container.decode([Anything].self) {
        self = .array(value)
      } else {
        self = .object(try container.decode([String: Anything].self))
      }
    }

    func encode(to encoder: any Encoder) throws {
      var container = encoder.singleValueContainer()
      switch self {
      case .null: try container.encodeNil()
      case .boolean(let value): try container.encode(value)
      case .integer(let value): try container.encode(value)
      case .number(let value): try container.encode(value)
      case .string(let value): try container.encode(value)
      case .array(let value): try container.encode(value)
      case .object(let value): try container.encode(value)
      }
    }
  }

  /// A pair as an array, with its second element by a decoder of its own.
  struct Pair: Codable, Equatable {
    var name: String
    var number: Int?

    init(from decoder: any Decoder) throws {
      var container = try decoder.unkeyedContainer()
      name = try container.decode(String.self)
      number = try Int?(from: container.superDecoder())
    }

    func encode(to encoder: any Encoder) throws {
      var container = encoder.unkeyedContainer()
      try container.encode(name)
      try number.encode(to: container.superEncoder())
    }
  }

  private static var types: [any (Codable & Equatable).Type] {
    [
      Order.self, Numbers.self, [Int].self, Int.self, [Double?].self, [Double].self, Double.self, String.self,
      [String].self,
      Bool?.self, [Date].self, [Decimal].self, [Data].self, [URL].self, [UUID].self, [Float].self, [Int128].self,
      Payment.self, Tree.self, Cat.self, Dog.self, Nested.self, Pair.self,
    ]
  }

  /// Those with a dictionary.
  private static var mappingTypes: [any (Codable & Equatable).Type] { [Maps.self, [String: Int].self, Anything.self] }

  /// Decodes a text as each type, and returns the differences.
  static func differences(_ bytes: [UInt8]) -> [String] {
    types.compactMap { FoundationComparison.difference($0, bytes) }
      + mappingTypes.compactMap { FoundationComparison.difference($0, bytes, hasFixedOrder: false) }
  }
}
