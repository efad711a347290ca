internal import Evento
internal import HTTPServer

/// Finds the resource of a path.
struct Router: Sendable {
  let resources: [Resource]
  private let basePath: String
  private let base: [Substring]
  /// The resources whose path has no names in it, by that path: most requests are for one of them.
  private var literal: [String: Resource] = [:]

  /// - Parameter basePath: what every path begins with, e.g. `/evento`; empty for none.
  init(_ resources: [Resource], basePath: String) {
    self.resources = resources
    self.basePath = basePath
    base = basePath.split(separator: "/")
    for resource in resources where resource.pattern.isLiteral {
      let path = basePath + resource.pattern.template
      // Where two have it, the first counts.
      if let found = try? search(path) { literal[path] = found.resource }
    }
  }

  /// All methods that some resource has.
  var methods: [String] {
    ["GET", "HEAD"] + Set(resources.flatMap { $0.operations.map(\.method) }).subtracting(["GET"]).sorted() + ["OPTIONS"]
  }

  /// What is wrong with the escapes of a path is told by whoever reads its names: who may read them comes first.
  ///
  /// - Throws: `not_found`.
  func find(_ path: String) throws(EventoError) -> (resource: Resource, names: PathNames) {
    if let resource = literal[path] { return (resource, PathNames()) }
    return try search(path)
  }

  private func search(_ path: String) throws(EventoError) -> (resource: Resource, names: PathNames) {
    // Byte by byte: as a Character, a slash with a combining mark behind it is another one.
    let raw = path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).dropFirst()
      .map { Substring($0) }
    if raw.starts(with: base) {
      // Split first, then decoded, once: a `%2F` is part of a name (RFC 3986 §2.4).
      let segments = raw.dropFirst(base.count).map { segment in
        PathPattern.Part { () throws(PercentEncoding.Fault) in try PercentEncoding.decode(segment) }
      }
      for resource in resources {
        if let names = resource.pattern.match(segments) { return (resource, names) }
      }
    }
    throw EventoError(.notFound, "There is nothing at this path: GET \(basePath)/openapi.yaml tells what there is.")
  }
}
