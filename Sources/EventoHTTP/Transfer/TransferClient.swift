internal import CCurl

/// Carries out HTTP requests over a bounded number of reused connections, for any number of concurrent tasks.
final class TransferClient: Sendable {
  private let queue: TransferQueue

  /// Starts the thread that does the work.
  ///
  /// - Throws: An error if libcurl or the thread can't be started.
  init(_ options: TransferOptions) throws(TransferError) {
    guard Self.isLibcurlReady else { throw TransferError(kind: .permanent, summary: "libcurl can't be started") }
    queue = try TransferThread.start(options)
  }

  /// Ends the thread, which then closes its connections. A client in use is not released.
  deinit {
    queue.close()
  }

  /// Sends a request and waits for the response. Cancelling the task aborts the transfer.
  func perform(
    _ request: TransferRequest, deadline: ContinuousClock.Instant
  ) async throws(TransferError) -> TransferResponse {
    let transfer = Transfer(request, deadline: deadline)
    let queue = queue
    let result = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        queue.put(TransferQueue.Entry(transfer: transfer) { result in continuation.resume(returning: result) })
      }
    } onCancel: {
      // The transfer is marked before the thread is notified. If the notification comes before the transfer, the thread
      // sees the mark when it accepts the transfer.
      transfer.cancel()
      queue.noteCancellation()
    }
    return try result.get()
  }

  /// Sends a request whose response may have no end.
  func stream(_ request: TransferRequest) -> ResponseStream {
    ResponseStream(request, over: queue)
  }

  /// Ends all transfers and closes all connections.
  func close() async {
    await queue.closeAndWait()
  }

  /// Initialized once in a process, and safely from any thread: https://curl.se/libcurl/c/curl_global_init.html
  private static let isLibcurlReady = evento_curl_start() == CURLE_OK
}
