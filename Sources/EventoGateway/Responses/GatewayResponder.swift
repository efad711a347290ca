internal import Evento
internal import HTTPServer

/// Takes the one response to a request that the store works on, on any thread on which the store calls back.
struct GatewayResponder: Sendable {
  /// The values that the response is made with, on the event loop. It is one object, so that each closure holds it by
  /// one reference count.
  final class Context: Sendable {
    private let gateway: Gateway
    private let exchange: Exchange
    private let permit: AdmissionControl.RequestPermit?
    fileprivate let compression: ResponseCompression?

    /// - Parameter permit: Released when the response is made or can't be sent any more; `nil` if the request does not
    ///   count as in flight.
    init(
      _ gateway: Gateway, _ exchange: Exchange, _ permit: AdmissionControl.RequestPermit?,
      _ compression: ResponseCompression?
    ) {
      self.gateway = gateway
      self.exchange = exchange
      self.permit = permit
      self.compression = compression
    }

    /// Makes a response and compresses it, off the event loop.
    fileprivate func encode(
      _ make: Make, _ compression: ResponseCompression, completion: @escaping @Sendable (@escaping Make) -> Void
    ) {
      do throws(EventoError) {
        compression.encode(try make()) { response in completion { () throws(EventoError) in response } }
      } catch {
        completion { () throws(EventoError) in throw error }
      }
    }

    fileprivate func response(_ make: () throws(EventoError) -> Response) -> Response {
      permit?.release()
      do throws(EventoError) {
        return gateway.finish(exchange, try make())
      } catch {
        // The client has gone: the response is not sent, and this is not an error of the store.
        if error == .requestDropped { return Response(status: 503) }
        return gateway.finish(exchange, gateway.problem(error, exchange), error)
      }
    }
  }

  typealias Make = @Sendable () throws(EventoError) -> Response

  private enum Recipient {
    case server(Responder, Context)
    case task(CheckedContinuation<Make, Never>, CancellationFlag)
  }

  private let recipient: Recipient

  init(_ context: Context, _ responder: Responder) {
    recipient = .server(responder, context)
  }

  private init(_ recipient: Recipient) {
    self.recipient = recipient
  }

  /// Waits for the response of work that must be started in a task.
  static func response(_ begin: @Sendable (GatewayResponder) -> Void) async throws -> Response {
    let cancellation = CancellationFlag()
    let make = await withTaskCancellationHandler {
      await withCheckedContinuation { begin(GatewayResponder(.task($0, cancellation))) }
    } onCancel: {
      cancellation.set()
    }
    // Here, and not on the store's own thread, where the next work would wait for a long response to be encoded.
    return try make()
  }

  /// True if the client has gone or the deadline has passed. Reads that have not begun can then be dropped.
  var isCancelled: Bool {
    switch recipient {
    case .server(let responder, _): responder.isCancelled
    case .task(_, let cancellation): cancellation.isSet
    }
  }

  /// Sends the response. Call it once.
  ///
  /// - Parameter make: Called on the event loop if the request is small: it must not block.
  func send(_ make: @escaping Make) {
    switch recipient {
    case .server(let responder, let context):
      guard let compression = context.compression else { return responder.send { context.response(make) } }
      context.encode(make, compression) { make in responder.send { context.response(make) } }
    case .task(let continuation, _): continuation.resume(returning: make)
    }
  }
}
