internal import ByteCoding
internal import HTTPServer

/// The paths of one resource, written as in the API's document: `/events/{id}`.
///
/// A pattern can have one `{type}` that matches several segments, marked `{type*}`: proxies decode `%2F`, so a name
/// with slashes arrives as more segments than were sent. The segments after it are matched from the end.
struct PathPattern: Sendable {
  private enum Segment: Equatable {
    case literal(ArraySlice<UInt8>)
    case name(String)
    case names(String)
  }

  private let segments: [Segment]
  /// The index of the segment that matches several, or `nil`.
  private let several: Int?

  /// The template in the API's document.
  let template: String

  init(_ pattern: String) {
    segments = pattern.split(separator: "/").map { segment in
      guard segment.hasPrefix("{") else { return .literal(Array(segment.utf8)[...]) }
      let name = segment.dropFirst().dropLast()
      return name.hasSuffix("*") ? .names(String(name.dropLast())) : .name(String(name))
    }
    several = segments.firstIndex { if case .names = $0 { true } else { false } }
    template = pattern.split(separator: "*").joined()
  }

  /// True if it is one path, without names.
  var isLiteral: Bool {
    segments.allSatisfy { if case .literal = $0 { true } else { false } }
  }

  /// The number of segments.
  var count: Int { segments.count }

  /// Returns the names of the pattern with their parts of a path, or `nil` if the path does not match.
  func match(_ path: PathSegments) -> PathNames? {
    var names = PathNames()
    guard let several else {
      guard path.isWhole, path.first.count == segments.count else { return nil }
      for (segment, part) in zip(segments, path.first) where !Self.match(segment, part, &names) { return nil }
      return names
    }
    guard path.first.count > several else { return nil }
    for (segment, part) in zip(segments[..<several], path.first) where !Self.match(segment, part, &names) {
      return nil
    }
    var middle = path.bytes[path.first[several].startIndex...]
    for segment in segments[(several + 1)...].reversed() {
      guard let slash = middle.lastIndex(of: PathSegments.slash),
        Self.match(segment, middle[(slash + 1)...], &names)
      else { return nil }
      middle = middle[..<slash]
    }
    return Self.match(segments[several], middle, &names) ? names : nil
  }

  private static func match(_ segment: Segment, _ part: ArraySlice<UInt8>, _ names: inout PathNames) -> Bool {
    switch segment {
    case .literal(let text): return isEqual(part, text)
    case .name(let name), .names(let name):
      guard !part.isEmpty else { return false }
      names.append(name, part)
      return true
    }
  }

  /// Returns true if a part of a path decodes to this text. An escape is three bytes, so a longer part is not compared.
  private static func isEqual(_ part: ArraySlice<UInt8>, _ text: ArraySlice<UInt8>) -> Bool {
    if part.count == text.count { return part == text }
    guard part.count > text.count, part.count <= 3 * text.count, let decoded = try? PercentEncoding.decode(part) else {
      return false
    }
    return decoded.utf8.elementsEqual(text)
  }
}

/// A path split at its slashes, not decoded: as many segments from its beginning as the longest pattern has, and the
/// rest as one piece, because a path of 16 KiB can have as many segments as bytes.
struct PathSegments {
  static let slash = UInt8(ascii: "/")

  /// The whole path after the first slash.
  let bytes: ArraySlice<UInt8>
  let first: [ArraySlice<UInt8>]
  /// True if the first ones are all.
  let isWhole: Bool

  init(_ bytes: ArraySlice<UInt8>, upTo limit: Int) {
    self.bytes = bytes
    var first: [ArraySlice<UInt8>] = []
    first.reserveCapacity(limit)
    var rest = bytes
    var isWhole = false
    while first.count < limit, !isWhole {
      let end = rest.firstIndex(of: Self.slash)
      first.append(rest[..<(end ?? rest.endIndex)])
      isWhole = end == nil
      if let end { rest = rest[(end + 1)...] }
    }
    self.first = first
    self.isWhole = isWhole
  }
}

/// The names of a path's pattern, each with its part of the path.
///
/// A part is decoded when it is read, so nothing is decoded for a request that is refused before that.
struct PathNames: Sendable {
  private var values: [(name: String, part: ArraySlice<UInt8>)] = []

  mutating func append(_ name: String, _ part: ArraySlice<UInt8>) {
    values.append((name, part))
  }

  /// Returns the value of a name in the pattern, or the reason why it can't be decoded.
  subscript(_ name: String) -> Result<String, PercentEncoding.ParseError> {
    guard let part = values.first(where: { $0.name == name })?.part else {
      preconditionFailure("the pattern has no {\(name)}")
    }
    // Split first, then decoded, once: a `%2F` is part of a name (RFC 3986 §2.4).
    return Result { () throws(PercentEncoding.ParseError) in try PercentEncoding.decode(part) }
  }
}
