internal import Evento
internal import EventoWire

extension EventoError {
  /// Returns the error of an unsuccessful response. Its status decides whether it is transient, whatever its code.
  static func unsuccessful(_ response: TransferResponse) -> EventoError {
    // Checked by the media type: another service's JSON may have a `code` with another meaning.
    if response.status >= 400, response.contentType.names(mediaType: Problem.mediaType),
      response.body.count <= problemBytes,
      var error = Problem.error(json: response.body)
    {
      // The caller has not seen the request's name for the cursor, so the text has none.
      if error.code == .cursorNotInHistory { return .cursorNotInHistory() }
      error.isTransient = error.isTransient || GatewayClient.transientStatuses.contains(response.status)
      return error
    }
    return unreadable(status: response.status, body: response.body, why: nil)
  }

  /// Returns the error for a response that is not the gateway's: a proxy's, or another server's.
  ///
  /// An error status is transient: it may come from a proxy that can't reach the gateway right now. A success or a
  /// redirection comes from a wrong address, and so do most others.
  static func unreadable(status: Int, body: [UInt8], why: String?) -> EventoError {
    let start = body.isEmpty ? "with no body" : "with a body that starts \"\(excerpt(of: body))\""
    return EventoError(
      .unavailable,
      "Unexpected response from the gateway: status \(status), \(start). Check the URL, and any proxy in between.",
      cause: why,
      isTransient: GatewayClient.transientStatuses.contains(status) || status == 404 || status >= 500)
  }

  /// Returns the beginning of a body on one line of text.
  static func excerpt(of body: [UInt8]) -> String {
    var excerpt = ""
    for scalar in String(decoding: body.prefix(excerptBytes), as: UTF8.self).unicodeScalars {
      let isPlain = scalar.value >= 0x20 && !(0x7F...0x9F ~= scalar.value) && scalar != "\"" && scalar != "\\"
      excerpt.unicodeScalars.append(isPlain ? scalar : "·")
    }
    return body.count > excerptBytes ? excerpt + "…" : excerpt
  }

  private static let excerptBytes = 120
  /// The maximum size of an error that is parsed. A gateway's is far shorter, and is kept and printed as a whole.
  private static let problemBytes = 64 << 10

  private static let waiting =
    "while it waited for the gateway's response. The operation may or may not have been done."

  /// Returns the error of a transfer without a response. Only transient causes make it transient.
  static func transfer(_ error: TransferError) -> EventoError {
    let detail =
      switch error.kind {
      case .cancelled: "The task was cancelled \(error.wasSent ? waiting : "before its request was sent.")"
      case .closed: "The executor has been closed\(error.wasSent ? " \(waiting)" : ".")"
      case .deadline: "The call's deadline passed \(error.wasSent ? waiting : "before its request was sent.")"
      case .unreachable:
        "The gateway can't be reached (\(error.summary)). Check the URL, and that the gateway is running."
      case .lost: "The connection to the gateway broke before the response was complete (\(error.summary))."
      case .tooLarge, .full: error.summary
      case .permanent: "The gateway can't be called (\(error.summary)). Check the URL and the configuration."
      }
    let isTransient =
      switch error.kind {
      case .deadline, .unreachable, .lost, .full: true
      case .cancelled, .closed, .tooLarge, .permanent: false
      }
    return EventoError(
      .unavailable, detail, cause: error.detail.isEmpty ? nil : error.detail, isTransient: isTransient)
  }
}
