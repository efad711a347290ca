internal import Evento
internal import EventoWire
internal import HTTPServer

/// A request that has found its endpoint.
struct GatewayRequest: Sendable {
  let head: RequestHead
  let names: PathNames
  /// Of whoever sent it; `nil` where none is needed.
  var token: TokenSet.Entry?
  var body: [UInt8] = []
  /// Where it is answered by a task, which alone may wait for events.
  var hold: HoldMark?

  /// - Throws: `invalid_request` where the query is not percent-encoded as it must be.
  func parameters() throws(EventoError) -> ParameterReader {
    guard let query = head.query else { return ParameterReader([]) }
    guard let pairs = QueryString.pairs(query) else {
      throw EventoError(
        .invalidRequest,
        "The query must be name=value, with & between several, in percent-encoded UTF-8: there is no part without a name, and "
          + "each % two hexadecimal digits behind it.")
    }
    return ParameterReader(pairs)
  }

  /// The query of a resource that takes `encoding` alone.
  ///
  /// - Throws: `invalid_request`.
  func encoding() throws(EventoError) -> PayloadEncoding {
    var parameters = try parameters()
    let encoding = parameters.encoding()
    try parameters.finish()
    return encoding
  }

  /// An identifier of the path.
  ///
  /// - Throws: `invalid_request`.
  func ulid(_ name: String) throws(EventoError) -> ULID {
    guard let id = ULID(names[name]) else {
      throw EventoError(.invalidRequest, "The \(name) in the path \(ULID.rule).")
    }
    return id
  }

  /// A name or key of the path.
  ///
  /// - Throws: `invalid_request`.
  func name(_ name: String) throws(EventoError) -> String {
    let text = names[name]
    if let problem = NameRule.fault(in: text) {
      throw EventoError(.invalidRequest, "The \(name) in the path \(problem).")
    }
    return text
  }
}
