internal import ByteCoding
internal import Evento
internal import EventoWire
internal import HTTPServer

/// A request whose operation has been found.
struct GatewayRequest: Sendable {
  let head: RequestHead
  let pathParameters: PathParameters
  /// The client's token; `nil` if none is required.
  var token: TokenSet.Entry?
  var body: [UInt8] = []

  /// - Throws: `invalid_request` if the query is not correctly percent-encoded.
  func parameters() throws(EventoError) -> ParameterReader {
    guard let query = head.query else { return ParameterReader([]) }
    do throws(QueryString.ParseError) {
      return ParameterReader(try QueryString.pairs(query, atMost: ParameterReader.maximumCount))
    } catch {
      switch error {
      case .value(of: let name, let cause): throw .parameter(name, "\(cause)")
      case .name(let cause): throw EventoError(.invalidRequest, "The name of a query parameter \(cause).")
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

  /// Returns the payload encoding of an operation whose only query parameter is `encoding`.
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
      return try pathParameters[name].get()
    } catch {
      throw EventoError(.invalidRequest, "The \(name) in the path \(error).")
    }
  }
}
