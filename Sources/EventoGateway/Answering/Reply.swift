internal import Evento
internal import HTTPServer

/// The one answer to a request that the store works on, to be given from whatever thread hears of its end.
struct Reply: Sendable {
  /// What the answer is made with, on the event loop.
  ///
  /// One object, so that what goes from thread to thread holds it by one count; the request is in flight until it is
  /// gone.
  final class Context: Sendable {
    private let gateway: Gateway
    private let exchange: Exchange
    private let slot: Load.Request

    init(_ gateway: Gateway, _ exchange: Exchange, _ slot: Load.Request) {
      self.gateway = gateway
      self.exchange = exchange
      self.slot = slot
    }

    fileprivate func response(_ make: () throws(EventoError) -> Response) -> Response {
      do throws(EventoError) {
        return gateway.finish(exchange, try make())
      } catch {
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

  /// Gives the answer; what is given after the first one is thrown away.
  ///
  /// - Parameter make: called on the event loop's thread: it must not block.
  func send(_ make: @escaping @Sendable () throws(EventoError) -> Response) {
    responder.send { [context] in context.response(make) }
  }
}
