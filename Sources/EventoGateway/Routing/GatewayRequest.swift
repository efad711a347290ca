internal import ByteCoding
internal import Evento
internal import EventoWire
internal import HTTPServer

/// A request whose endpoint has been found.
struct GatewayRequest: Sendable {
  let head: RequestHead
  let names: PathNames
  /// The client's token; `nil` if none is required.
  var token: TokenSet.Entry?
  var body: [UInt8] = []

  /// - Throws: `invalid_request` if the query is not correctly percent-encoded.
  func parameters() throws(EventoError) -> ParameterReader {
    guard let query = head.query else { return ParameterReader([]) }
    do throws(QueryString.Fault) {
      return ParameterReader(try QueryString.pairs(query, atMost: ParameterReader.maximumCount))
    } catch {
      switch error {
      case .value(of: let name, let fault): throw .parameter(name, "\(fault)")
      case .name(let fault): throw EventoError(.invalidRequest, "The name of a query parameter \(fault).")
      case .noName:
        throw EventoError(.invalidRequest, "The query has a value without a name. Each part must be name=value.")
      case .tooMany:
        throw EventoError(
          .invalidRequest,
          "The query has more than \(ParameterReader.maximumCount) parameters, the limit.")
      case .emptyPart:
        throw EventoError(
          .invalidRequest, "The query has an & without a parameter before or after it.")
      }
    }
  }

  /// Returns the payload encoding of a resource whose only parameter is `encoding`.
  ///
  /// - Throws: `invalid_request`.
  func encoding() throws(EventoError) -> PayloadEncoding {
    var parameters = try parameters()
    let encoding = parameters.encoding()
    try parameters.finish()
    return encoding
  }

  /// Returns an identifier in the path.
  ///
  /// - Throws: `invalid_request`.
  func ulid(_ name: String) throws(EventoError) -> ULID {
    guard let id = ULID(try text(name)) else {
      throw EventoError(.invalidRequest, "The \(name) in the path \(ULID.rule).")
    }
    return id
  }

  /// Returns a name or key in the path.
  ///
  /// - Throws: `invalid_request`.
  func name(_ name: String) throws(EventoError) -> String {
    let text = try text(name)
    if let error = Name.error(in: text) {
      throw EventoError(.invalidRequest, "The \(name) in the path \(error).")
    }
    return text
  }

  private func text(_ name: String) throws(EventoError) -> String {
    do throws(PercentEncoding.ParseError) {
      return try names[name].get()
    } catch {
      throw EventoError(.invalidRequest, "The \(name) in the path \(error).")
    }
  }
}
