@testable internal import ByteCoding
@testable internal import Evento
@testable internal import EventoGateway
@testable internal import EventoHTTP
@testable internal import HTTPServer

/// The paths of the gateway.
private let patterns = [
  "/events/stream", "/events", "/events/{id}", "/subscribers/{key}", "/subscribers/{key}/cursor",
  "/subscribers/{key}/workers/{worker_id}", "/snapshots/{type*}/{revision}/{id}",
].map { Route($0, []) }

private let routers = ["", "/evento", "/a/b"].map { (base: $0, router: Router(patterns, basePath: $0)) }

/// Text as a path.
func checkPath(_ text: String) {
  for (base, router) in routers {
    let path = base + "/" + text
    do throws(EventoError) {
      let (route, parameters) = try router.find(path)
      // Split first, then decoded (RFC 3986 §2.4).
      let segments = text.pieces("/").map(\.withoutEscapes)
      let values = route.pattern.template.split(separator: "/").compactMap { segment in
        segment.hasPrefix("{") ? try? parameters[String(segment.dropFirst().dropLast())].get() : String(segment)
      }
      guard !segments.contains(nil) else {
        let count = route.pattern.template.split(separator: "/").count
        return expect(values.count < count, "parameters of a path that can't be decoded: \(values)")
      }
      expect(values.allSatisfy { !$0.isEmpty }, "an empty parameter in \(values)")
      expectExactly(
        values.joined(separator: "/"), segments.compactMap(\.self).joined(separator: "/"), "the parameters of \(path)")
      let again = try? router.find(base + "/" + values.map(\.escaped).joined(separator: "/"))
      expectEqual(again?.route.pattern.template, route.pattern.template, "the route")
    } catch {
      expectEqual(error.code, .notFound, "\(error)")
    }
  }
}

/// What a client puts into a path is what the gateway finds in it, whatever it is.
func checkNames(_ text: String) {
  guard !text.isEmpty else { return }
  let halves = text.pieces("\n").filter { !$0.isEmpty }
  let names = [("type", text), ("revision", halves.first ?? "1"), ("id", halves.last ?? "1")]
  let path = names.reduce("/snapshots" as ResourcePath) { $0.appending($1.1) }
  let request = Array("GET \(path.text) HTTP/1.1\r\nHost: a\r\n\r\n".utf8)
  let limits = ParserLimits(requestLineBytes: 1 << 20, headerBytes: 100, headerFields: 1, chunkExtensionBytes: 0)
  var parser = RequestParser(limits: limits, peer: .unix)
  var offset = 0
  guard case .head(let head)? = try? parser.next(request.span, &offset) else {
    return expect(false, "no request: \(path.text)")
  }
  expectEqual(head.path, path.text, "the path")
  guard let found = try? routers[0].router.find(head.path) else { return expect(false, "no route: \(path.text)") }
  for (name, value) in names { expectExactly(try? found.parameters[name].get(), value, name) }
}
