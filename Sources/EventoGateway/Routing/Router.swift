internal import Evento
internal import HTTPServer

/// Finds the resource of a path.
struct Router: Sendable {
  let resources: [Route]
  private let basePath: String
  /// The prefix of every path, with a slash at its end.
  private let base: ArraySlice<UInt8>
  /// The resources whose path has no names, by that path: most requests are for one of them.
  private var literal: [String: Route] = [:]
  /// The length of the longest of those paths, in bytes.
  private var literalLength = 0
  /// The number of segments of the longest pattern.
  private let depth: Int

  /// - Parameter basePath: The prefix of every path, such as `/evento`; empty for none.
  init(_ resources: [Route], basePath: String) {
    self.resources = resources
    self.basePath = basePath
    base = Array((basePath + "/").utf8)[...]
    depth = resources.map(\.pattern.count).max() ?? 0
    for resource in resources where resource.pattern.isLiteral {
      let path = basePath + resource.pattern.template
      // If two resources have the same path, the first wins.
      if let found = try? search(path) { literal[path] = found.resource }
      literalLength = max(literalLength, path.utf8.count)
    }
  }

  /// All methods of the resources.
  var methods: [String] {
    ["GET", "HEAD"] + Set(resources.flatMap { $0.operations.map(\.method) }).subtracting(["GET"]).sorted() + ["OPTIONS"]
  }

  /// Finds the resource of a path. Invalid escapes in the path are an error only when its names are read: the check of
  /// permissions comes first.
  ///
  /// - Throws: `not_found`.
  func find(_ path: String) throws(EventoError) -> (resource: Route, names: PathNames) {
    if path.utf8.count <= literalLength, let resource = literal[path] { return (resource, PathNames()) }
    return try search(path)
  }

  private func search(_ path: String) throws(EventoError) -> (resource: Route, names: PathNames) {
    // Byte by byte: as a Character, a slash followed by a combining mark is not a slash.
    let bytes = Array(path.utf8)
    if bytes.prefix(base.count) == base {
      let segments = PathSegments(bytes[base.count...], upTo: depth)
      for resource in resources {
        if let names = resource.pattern.match(segments) { return (resource, names) }
      }
    }
    throw EventoError(.notFound, "No resource at this path. See GET \(basePath)/openapi.yaml for the API.")
  }
}
