extension HTTPProtocolError {
  /// The error of a request that the state machine rejects.
  init(_ rejection: ConnectionStateMachine.Rejection, _ configuration: ServerConfiguration) {
    switch rejection {
    case .headTooSlow:
      self.init(.requestTimeout, "The head of the request exceeded the time limit of \(configuration.headTimeout).")
    case .bodyTooSlow:
      self.init(
        .requestTimeout,
        "The body came more slowly than \(configuration.minimumBodyRate) bytes per second, the minimum after "
          + "\(configuration.bodyGrace).")
    case .handlerTooSlow:
      self.init(.handlerTimeout, "The response exceeded the time limit of \(configuration.handlerTimeout).")
    case .bodyTooLong(let limit): self.init(.contentTooLarge, "The body exceeds the limit of \(limit) bytes.")
    // RFC 9112 §8.
    case .incomplete: self.init(.badRequest, "The connection ended before the request was complete.")
    }
  }
}
