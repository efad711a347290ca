internal import ByteCoding
internal import HTTPServer

/// The paths of one route, written as in the API's document: `/events/{id}`.
///
/// A pattern can have one parameter that matches several segments, marked `{type*}`: proxies decode `%2F`, so a name
/// with slashes arrives as more segments than were sent. The segments after it are matched from the end.
struct PathPattern: Sendable {
  private enum Segment: Equatable {
    case literal(ArraySlice<UInt8>)
    case parameter(String)
    /// A parameter that matches several segments.
    case longParameter(String)
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
      return name.hasSuffix("*") ? .longParameter(String(name.dropLast())) : .parameter(String(name))
    }
    several = segments.firstIndex { if case .longParameter = $0 { true } else { false } }
    template = pattern.split(separator: "*").joined()
  }

  /// True if it is one path, without parameters.
  var isLiteral: Bool {
    segments.allSatisfy { if case .literal = $0 { true } else { false } }
  }

  /// The number of segments.
  var count: Int { segments.count }

  /// Returns the parameters in a path, or `nil` if the path does not match.
  func match(_ path: PathSegments) -> PathParameters? {
    var parameters = PathParameters()
    guard let several else {
      guard path.isWhole, path.first.count == segments.count else { return nil }
      for (segment, part) in zip(segments, path.first) where !Self.match(segment, part, &parameters) { return nil }
      return parameters
    }
    guard path.first.count > several else { return nil }
    for (segment, part) in zip(segments[..<several], path.first) where !Self.match(segment, part, &parameters) {
      return nil
    }
    var middle = path.bytes[path.first[several].startIndex...]
    for segment in segments[(several + 1)...].reversed() {
      guard let slash = middle.lastIndex(of: PathSegments.slash),
        Self.match(segment, middle[(slash + 1)...], &parameters)
      else { return nil }
      middle = middle[..<slash]
    }
    return Self.match(segments[several], middle, &parameters) ? parameters : nil
  }

  private static func match(_ segment: Segment, _ part: ArraySlice<UInt8>, _ parameters: inout PathParameters) -> Bool {
    switch segment {
    case .literal(let text): return isEqual(part, text)
    case .parameter(let name), .longParameter(let name):
      guard !part.isEmpty else { return false }
      parameters.append(name, part)
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

/// The parameters in a path, by the names in its route's pattern.
///
/// A value is decoded when it is read, so nothing is decoded for a request that is refused before that.
struct PathParameters: Sendable {
  private var parts: [(name: String, part: ArraySlice<UInt8>)] = []

  mutating func append(_ name: String, _ part: ArraySlice<UInt8>) {
    parts.append((name, part))
  }

  /// Returns the value of a parameter, or the reason why it can't be decoded.
  subscript(_ name: String) -> Result<String, PercentEncoding.ParseError> {
    guard let part = parts.first(where: { $0.name == name })?.part else {
      preconditionFailure("the pattern has no {\(name)}")
    }
    // Split first, then decoded, once: a `%2F` is part of a name (RFC 3986 §2.4).
    return Result { () throws(PercentEncoding.ParseError) in try PercentEncoding.decode(part) }
  }
}
