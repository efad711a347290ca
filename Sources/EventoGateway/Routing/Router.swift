internal import Evento
internal import HTTPServer

/// Finds the route of a path.
struct Router: Sendable {
  let routes: [Route]
  private let basePath: String
  /// The prefix of every path, with a slash at its end.
  private let base: ArraySlice<UInt8>
  /// The routes whose path has no parameters, by that path: most requests are for one of them.
  private var literal: [String: Route] = [:]
  /// The length of the longest of those paths, in bytes.
  private var literalLength = 0
  /// The number of segments of the longest pattern.
  private let depth: Int

  /// - Parameter basePath: The prefix of every path, such as `/evento`; empty for none.
  init(_ routes: [Route], basePath: String) {
    self.routes = routes
    self.basePath = basePath
    base = Array((basePath + "/").utf8)[...]
    depth = routes.map(\.pattern.count).max() ?? 0
    for route in routes where route.pattern.isLiteral {
      let path = basePath + route.pattern.template
      // If two routes have the same path, the first wins.
      if let found = try? search(path) { literal[path] = found.route }
      literalLength = max(literalLength, path.utf8.count)
    }
  }

  /// All methods of the routes.
  var methods: [String] {
    ["GET", "HEAD"] + Set(routes.flatMap { $0.operations.map(\.method) }).subtracting(["GET"]).sorted() + ["OPTIONS"]
  }

  /// Finds the route of a path. Invalid escapes in the path are an error only when its parameters are read: the check of
  /// permissions comes first.
  ///
  /// - Throws: `not_found`.
  func find(_ path: String) throws(EventoError) -> (route: Route, parameters: PathParameters) {
    if path.utf8.count <= literalLength, let route = literal[path] { return (route, PathParameters()) }
    return try search(path)
  }

  private func search(_ path: String) throws(EventoError) -> (route: Route, parameters: PathParameters) {
    // Byte by byte: as a Character, a slash followed by a combining mark is not a slash.
    let bytes = Array(path.utf8)
    if bytes.prefix(base.count) == base {
      let segments = PathSegments(bytes[base.count...], upTo: depth)
      for route in routes {
        if let parameters = route.pattern.match(segments) { return (route, parameters) }
      }
    }
    throw EventoError(.notFound, "No resource at this path. See GET \(basePath)/openapi.yaml for the API.")
  }
}
