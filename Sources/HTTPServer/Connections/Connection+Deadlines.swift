extension Connection {
  /// When something must have happened.
  var deadline: Instant {
    var earliest = readingDeadline
    if case .working(_, let handler) = exchange?.progress { earliest = min(earliest, handler) }
    // While it waits for its turn, it is not the client that keeps it waiting.
    return output.isEmpty || awaitsTurn ? earliest : min(earliest, lastProgress + loop.timeouts.write)
  }

  private var readingDeadline: Instant {
    let timeouts = loop.timeouts
    switch intake {
    case .head where hasUnreadInput: return .never
    case .head where hasPartialHead || isFresh: return phaseStart + timeouts.head
    case .head: return phaseStart + timeouts.idle
    case .collecting, .discarding: return phaseStart + timeouts.bodyGrace + timeouts.body(bodyBytes)
    case .held: return .never
    case .lingering where hasFinishedWriting:
      return min(lastProgress + timeouts.lingerQuiet, phaseStart + timeouts.linger)
    case .lingering: return .never
    }
  }

  /// Its deadline has passed.
  func expire() {
    if case .lingering = intake, output.isEmpty { return close() }
    loop.counters.countTimeout()
    let configuration = loop.configuration
    if !output.isEmpty, !awaitsTurn, lastProgress + loop.timeouts.write <= loop.now {
      mustReset = true
      return close()
    }
    if case .working(_, let handler) = exchange?.progress, handler <= loop.now {
      answer(
        ProtocolFault(
          .answerTooLate, "The response exceeded the time limit of \(configuration.handlerDeadline)."),
        after: configuration.handlerDeadline)
      return advance()
    }
    switch intake {
    case .head where !hasPartialHead, .held, .lingering: return close()
    case .head:
      answer(
        ProtocolFault(
          .requestTimeout, "The head of the request exceeded the time limit of \(configuration.headDeadline)."))
    case .collecting, .discarding:
      answer(
        ProtocolFault(
          .requestTimeout,
          "The body came more slowly than \(configuration.minimumBodyRate) bytes per second, the minimum after "
            + "\(configuration.bodyGrace)."))
    }
    advance()
  }

  /// The server is stopping: ends the connection where nothing is in flight.
  func stop() {
    if case .streaming(let writer, _, _) = exchange?.progress { writer.tellShutdown() }
    // What has come up to now is served.
    isReadable = true
    advance()
    guard isOpen, case .head = intake, !hasPartialHead else { return }
    // Nothing has come that would be lost, so that there is no reason to wait for the client.
    if output.isEmpty { return close() }
    beginToClose()
    advance()
  }
}
