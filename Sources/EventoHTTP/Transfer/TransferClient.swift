internal import CCurl

/// Carries out HTTP requests over a bounded number of reused connections, for any number of concurrent tasks.
final class TransferClient: Sendable {
  private let inbox: Inbox

  /// Starts the thread that does the work.
  ///
  /// - Throws: An error if libcurl or the thread can't be started.
  init(_ options: TransferOptions) throws(TransferFault) {
    guard Self.isLibcurlReady else { throw TransferFault(kind: .hopeless, summary: "libcurl can't be started") }
    inbox = try TransferThread.start(options)
  }

  /// Ends the thread, which then closes its connections. A client in use is not released.
  deinit {
    inbox.close()
  }

  /// Sends a request and waits for the response. Cancelling the task aborts the transfer.
  func perform(
    _ request: TransferRequest, deadline: ContinuousClock.Instant
  ) async throws(TransferFault) -> TransferAnswer {
    let transfer = Transfer(request, deadline: deadline)
    let inbox = inbox
    let result = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        inbox.put(Inbox.Entry(transfer: transfer) { result in continuation.resume(returning: result) })
      }
    } onCancel: {
      // The transfer is marked before the thread is notified. If the notification comes before the transfer, the thread
      // sees the mark when it accepts the transfer.
      transfer.cancel()
      inbox.noteCancellation()
    }
    return try result.get()
  }

  /// Sends a request whose response may have no end.
  func stream(_ request: TransferRequest) -> AnswerStream {
    AnswerStream(request, over: inbox)
  }

  /// Ends all transfers and closes all connections.
  func close() async {
    await inbox.closeAndWait()
  }

  /// Initialised once in a process, and safely from any thread: https://curl.se/libcurl/c/curl_global_init.html
  private static let isLibcurlReady = evento_curl_start() == CURLE_OK
}
