internal import ByteCoding

/// The JSON text of a value that is encoded.
///
/// A type may encode its members in any order, a member twice, and several containers by turns. So names and scalars
/// are written as they come, and a tree of nodes says where they are. ``json()`` puts them in order.
///
/// Encoders and containers are a reference to it and the index of a node.
final class JSONOutput {
  /// The index of the outermost value.
  static let root = 0

  /// A value.
  struct Node {
    enum Kind {
      /// Nothing has been encoded yet.
      case empty
      case scalar, array, object
      /// Its encoding failed.
      case removed
    }

    var kind = Kind.empty
    /// True for a nested container: a type that asks for it twice gets the same one.
    var isNested = false
    /// The number of arrays and objects that it is in.
    let depth: Int32
    let parent: Int
    /// The member's name as a JSON string. For an element, an empty range at its number.
    let name: Range<Int>
    /// True if the name has escapes.
    let isNameEscaped: Bool
    /// A scalar's JSON.
    var content = 0..<0
    /// The indexes of the first and last value in an array or object; 0 for none.
    var first = 0
    var last = 0
    /// The index of the next value in the same array or object; 0 for none.
    var next = 0
    /// The number of values in an array or object.
    var count = 0
  }

  let dates: JSONCoder.Dates
  // The exclusive access of these is not checked at run time: each is accessed by the methods here alone, none of which
  // calls a foreign type.
  @exclusivity(unchecked) private var text = JSONWriter(capacity: 512)
  @exclusivity(unchecked) private var nodes: [Node] = []
  /// The depth of the deepest array or object.
  @exclusivity(unchecked) private(set) var depth = 0
  /// The first value in whose place a type has encoded a second one, such as an object after an array. Many methods of
  /// containers can't throw, so ``JSONCoder/encode(_:)`` throws the error at its end.
  @exclusivity(unchecked) private(set) var twiceEncoded: Int?

  init(_ dates: JSONCoder.Dates) {
    self.dates = dates
    nodes.reserveCapacity(16)
    nodes.append(Node(depth: 0, parent: -1, name: 0..<0, isNameEscaped: false))
  }

  // MARK: Nodes

  var isEmpty: Bool { nodes[Self.root].kind == .empty }

  func depth(of node: Int) -> Int { Int(nodes[node].depth) }

  func count(_ node: Int) -> Int { nodes[node].count }

  /// Makes a node an array or object, unless it is one already.
  func open(_ node: Int, as kind: Node.Kind) {
    switch nodes[node].kind {
    case kind: break
    case .empty:
      nodes[node].kind = kind
      depth = max(depth, Int(nodes[node].depth) + 1)
    default: twiceEncoded = twiceEncoded ?? node
    }
  }

  /// Appends an element to an array.
  func append(to array: Int) -> Int {
    let number = nodes[array].count
    return append(to: array, number..<number, isEscaped: false)
  }

  /// Appends a member to an object.
  func append(_ name: String, to object: Int) -> Int {
    let start = text.count
    text.write(string: name)
    return append(to: object, start..<text.count, isEscaped: text.count - start > name.utf8.count + 2)
  }

  private func append(to parent: Int, _ name: Range<Int>, isEscaped: Bool) -> Int {
    let node = nodes.count
    nodes.append(Node(depth: nodes[parent].depth + 1, parent: parent, name: name, isNameEscaped: isEscaped))
    if nodes[parent].count == 0 { nodes[parent].first = node } else { nodes[nodes[parent].last].next = node }
    nodes[parent].last = node
    nodes[parent].count += 1
    return node
  }

  /// Marks a nested container.
  func nest(_ node: Int) { nodes[node].isNested = true }

  /// Removes a value whose encoding failed: its type may go on without it.
  func remove(_ node: Int) {
    nodes[node].kind = .removed
    nodes[nodes[node].parent].count -= 1
  }

  /// Writes a scalar.
  @inline(__always)
  func write(_ node: Int, _ body: (inout JSONWriter) -> Void) {
    guard nodes[node].kind == .empty else {
      twiceEncoded = twiceEncoded ?? node
      return
    }
    let start = text.count
    body(&text)
    nodes[node].kind = .scalar
    nodes[node].content = start..<text.count
  }

  /// Returns the path to a value.
  func path(to node: Int) -> [any CodingKey] {
    var path: [any CodingKey] = []
    var node = node
    while node != Self.root {
      let name = nodes[node].name
      path.append(
        name.isEmpty
          ? JSONKey(index: name.lowerBound) : JSONKey(stringValue: String(decoding: self.name(of: node), as: UTF8.self))
      )
      node = nodes[node].parent
    }
    return path.reversed()
  }

  /// Returns a member's name.
  private func name(of node: Int) -> [UInt8] {
    let content = text.bytes(inQuotes(nodes[node].name))
    return nodes[node].isNameEscaped ? JSONScanner(content).unescaped(content.indices) : content
  }

  private func inQuotes(_ name: Range<Int>) -> Range<Int> { name.lowerBound + 1..<name.upperBound - 1 }

  // MARK: The text

  /// Returns the JSON, with the members of each object sorted by name in the order of UTF-8.
  func json() -> [UInt8] {
    var writer = JSONWriter(capacity: text.count + 4 * nodes.count)
    var order: [Int] = []
    write(Self.root, to: &writer, &order)
    return writer.take()
  }

  /// - Parameter order: Holds the members of the open objects.
  private func write(_ node: Int, to writer: inout JSONWriter, _ order: inout [Int]) {
    switch nodes[node].kind {
    case .scalar: writer.write(text, nodes[node].content)
    case .array:
      writer.write(json: "[")
      var isFirst = true
      forEachChild(of: node) { element in
        if !isFirst { writer.write(json: ",") }
        isFirst = false
        write(element, to: &writer, &order)
      }
      writer.write(json: "]")
    case .object:
      let start = order.count
      appendMembers(of: node, to: &order)
      writer.write(json: "{")
      for position in start..<order.count {
        if position > start { writer.write(json: ",") }
        let member = order[position]
        writer.write(text, nodes[member].name)
        writer.write(json: ":")
        write(member, to: &writer, &order)
      }
      writer.write(json: "}")
      order.removeLast(order.count - start)
    // A type that encodes nothing is an empty object, as in Foundation.
    case .empty, .removed: writer.write(json: "{}")
    }
  }

  @inline(__always)
  private func forEachChild(of node: Int, _ body: (Int) -> Void) {
    guard nodes[node].count > 0 else { return }
    var child = nodes[node].first
    while child != 0 {
      if nodes[child].kind != .removed { body(child) }
      child = nodes[child].next
    }
  }

  /// Appends the members of an object, sorted; of those with equal names the last one.
  private func appendMembers(of object: Int, to order: inout [Int]) {
    let start = order.count
    var isSorted = true
    forEachChild(of: object) { member in
      if isSorted, order.count > start { isSorted = precedes(order[order.count - 1], member) }
      order.append(member)
    }
    guard !isSorted else { return }
    // Members with equal names stay in the order in which they were encoded.
    order[start...].sort { precedes($0, $1) || !precedes($1, $0) && $0 < $1 }
    var end = start
    for position in start + 1..<order.count {
      let (last, member) = (order[end], order[position])
      if precedes(last, member) {
        end += 1
        order[end] = member
      } else if nodes[member].isNested, nodes[member].kind == nodes[last].kind, nodes[last].count > 0 {
        // A type that asks for a nested container again gets the same one.
        guard nodes[member].count > 0 else { continue }
        nodes[nodes[last].last].next = nodes[member].first
        nodes[last].last = nodes[member].last
        nodes[last].count += nodes[member].count
      } else {
        order[end] = member
      }
    }
    order.removeLast(order.count - end - 1)
  }

  /// Returns whether a member's name is before another's.
  private func precedes(_ first: Int, _ second: Int) -> Bool {
    guard !nodes[first].isNameEscaped, !nodes[second].isNameEscaped else {
      return name(of: first).lexicographicallyPrecedes(name(of: second))
    }
    return text.precedes(inQuotes(nodes[first].name), inQuotes(nodes[second].name))
  }
}
