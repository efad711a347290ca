internal import Evento
internal import EventoWire

extension EventoError {
  /// What an answer that is no success tells. It passes where its status says so, whatever its code.
  static func answered(_ answer: TransferAnswer) -> EventoError {
    // By its media type: another service's JSON may have a `code` too, and mean something else by it.
    if answer.status >= 400, answer.contentType.names(mediaType: Problem.mediaType), answer.body.count <= problemBytes,
      var error = Problem.error(json: answer.body)
    {
      // What the request calls the cursor means nothing to who called here: it is the one that was given.
      if error.code == .cursorNotInHistory { return .cursorNotInHistory() }
      error.isPassing = error.isPassing || Gateway.passingStatuses.contains(answer.status)
      return error
    }
    return unreadable(status: answer.status, body: answer.body, why: nil)
  }

  /// An answer that is not of the gateway's API: that of a proxy, or of something else altogether.
  ///
  /// It passes where it is an error, which may be of somebody who does not see the gateway just now; one of success, or
  /// that leads elsewhere, comes of a wrong address, and so do most others.
  static func unreadable(status: Int, body: [UInt8], why: String?) -> EventoError {
    let start = body.isEmpty ? "with no body" : "with a body that starts \"\(excerpt(of: body))\""
    return EventoError(
      .unavailable,
      "Unexpected response from the gateway: status \(status), \(start). Check the URL, and any proxy on the way.",
      cause: why,
      isPassing: Gateway.passingStatuses.contains(status) || status == 404 || status >= 500)
  }

  /// The first bytes of a body, fit for one line of text.
  static func excerpt(of body: [UInt8]) -> String {
    var excerpt = ""
    for scalar in String(decoding: body.prefix(excerptBytes), as: UTF8.self).unicodeScalars {
      let isPlain = scalar.value >= 0x20 && !(0x7F...0x9F ~= scalar.value) && scalar != "\"" && scalar != "\\"
      excerpt.unicodeScalars.append(isPlain ? scalar : "·")
    }
    return body.count > excerptBytes ? excerpt + "…" : excerpt
  }

  private static let excerptBytes = 120
  /// What a gateway says of an error is far shorter, and is kept, and printed, as a whole.
  private static let problemBytes = 64 << 10

  private static let waiting =
    "while it waited for the gateway's answer: what was asked for may have been done, or may not."

  /// Why there was no answer. Only what is of the moment passes.
  static func transfer(_ fault: TransferFault) -> EventoError {
    let detail =
      switch fault.kind {
      case .cancelled: "The task was cancelled \(fault.wasSent ? waiting : "before its request was sent.")"
      case .closed: "The executor has been closed\(fault.wasSent ? " \(waiting)" : ".")"
      case .deadline: "The call's deadline passed \(fault.wasSent ? waiting : "before there was a connection for it.")"
      case .unreachable: "The gateway can't be reached (\(fault.summary)). Check the URL, and that it is running."
      case .lost: "The connection to the gateway broke before its answer was whole (\(fault.summary))."
      case .tooLarge, .full: fault.summary
      case .hopeless: "The gateway can't be called (\(fault.summary)). Check the URL and the configuration."
      }
    let isPassing =
      switch fault.kind {
      case .deadline, .unreachable, .lost, .full: true
      case .cancelled, .closed, .tooLarge, .hopeless: false
      }
    return EventoError(
      .unavailable, detail, cause: fault.detail.isEmpty ? nil : fault.detail, isPassing: isPassing)
  }
}
