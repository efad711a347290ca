/// A request and whoever works on its response.
struct InFlightRequest {
  enum Work {
    /// The handler's decision, which takes effect when the body has been read.
    case decided(Reception)
    case task(Task<Void, Never>)
    /// Whoever has the responder, which reports when nobody waits any more.
    case responder(Departure)
    /// A task writes the body.
    case stream(BodyWriter, Task<Void, Never>)
    case none
  }

  let head: RequestHead
  var work = Work.none
  /// Reports to the handler that the client may be gone; `nil` if it does not use that.
  var sendingEnd: SendingEnd?

  /// Nobody waits for the response any more.
  func cancel(_ reason: BodyWriter.Closed) {
    switch work {
    case .task(let task): task.cancel()
    case .responder(let departure): departure.come()
    case .stream(let writer, let task):
      writer.close(reason)
      task.cancel()
    case .decided, .none: break
    }
  }
}
