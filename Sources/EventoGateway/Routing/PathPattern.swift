internal import HTTPServer

/// The paths of one resource, written as in the API's document: `/events/{id}`.
///
/// A pattern may have one `{type}` that takes several segments, marked `{type*}`: proxies decode `%2F`, so that a name
/// with slashes in it arrives as more segments than were sent. What is behind it is taken from the end.
struct PathPattern: Sendable {
  private enum Segment: Equatable {
    case literal(String)
    case name(String)
    case names(String)
  }

  private let segments: [Segment]

  /// As the API's document has it.
  let template: String

  init(_ pattern: String) {
    segments = pattern.split(separator: "/").map { segment in
      guard segment.hasPrefix("{") else { return .literal(String(segment)) }
      let name = segment.dropFirst().dropLast()
      return name.hasSuffix("*") ? .names(String(name.dropLast())) : .name(String(name))
    }
    template = pattern.split(separator: "*").joined()
  }

  /// Whether it is one path, without names.
  var isLiteral: Bool {
    segments.allSatisfy { if case .literal = $0 { true } else { false } }
  }

  /// A part of a path between slashes, decoded.
  typealias Part = Result<String, PercentEncoding.Fault>

  /// What the names of the pattern stand for in a path, or `nil` where it is another's.
  func match(_ path: [Part]) -> PathNames? {
    let surplus = path.count - segments.count
    let takesSeveral = segments.contains { if case .names = $0 { true } else { false } }
    guard surplus == 0 || surplus > 0 && takesSeveral else { return nil }
    var names = PathNames()
    var index = 0
    for segment in segments {
      switch segment {
      case .literal(let text):
        guard path[index] == .success(text) else { return nil }
      case .name(let name):
        guard path[index] != .success("") else { return nil }
        names.append(name, path[index])
      case .names(let name):
        let text = Self.joined(path[index...index + surplus])
        guard text != .success("") else { return nil }
        names.append(name, text)
        index += surplus
      }
      index += 1
    }
    return names
  }

  private static func joined(_ parts: ArraySlice<Part>) -> Part {
    Part { () throws(PercentEncoding.Fault) in
      var text = ""
      for (index, part) in parts.enumerated() { text += (index > 0 ? "/" : "") + (try part.get()) }
      return text
    }
  }
}

/// What the names of a path's pattern stand for.
struct PathNames: Sendable {
  private var values: [(name: String, value: PathPattern.Part)] = []

  mutating func append(_ name: String, _ value: PathPattern.Part) {
    values.append((name, value))
  }

  /// The value of a name that the pattern has, or why it can't be decoded.
  subscript(_ name: String) -> PathPattern.Part {
    guard let value = values.first(where: { $0.name == name })?.value else {
      preconditionFailure("the pattern has no {\(name)}")
    }
    return value
  }
}
