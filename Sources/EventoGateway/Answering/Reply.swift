internal import Evento
internal import HTTPServer

/// The one answer to a request that the store works on, to be given from whatever thread hears of its end.
struct Reply: Sendable {
  /// What the answer is made with, on the event loop: one object, so that closure after closure holds it by one count.
  final class Context: Sendable {
    private let gateway: Gateway
    private let exchange: Exchange
    private let request: Load.Request?

    /// - Parameter request: in flight until the answer is made, or can't be given any more; `nil` for one that does not
    ///   count.
    init(_ gateway: Gateway, _ exchange: Exchange, _ request: Load.Request?) {
      self.gateway = gateway
      self.exchange = exchange
      self.request = request
    }

    fileprivate func response(_ make: () throws(EventoError) -> Response) -> Response {
      request?.end()
      do throws(EventoError) {
        return gateway.finish(exchange, try make())
      } catch {
        // The client has gone: no one gets this response, and the store has not failed.
        if error == .requestDropped { return Response(status: 503) }
        return gateway.finish(exchange, gateway.problem(error, exchange))
      }
    }
  }

  private let context: Context
  private let responder: Responder

  init(_ context: Context, _ responder: Responder) {
    self.context = context
    self.responder = responder
  }

  /// Whether the client has gone or the deadline has passed. Reads that have not begun can then be dropped.
  var isUnwanted: Bool { responder.isCancelled }

  /// Gives the answer; what is given after the first one is thrown away.
  ///
  /// - Parameter make: called on the event loop's thread: it must not block.
  func send(_ make: @escaping @Sendable () throws(EventoError) -> Response) {
    responder.send { [context] in context.response(make) }
  }
}
