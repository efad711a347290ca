#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

/// The thread for a client's transfers.
///
/// A dedicated thread, because `curl_multi_poll` blocks: on Swift's cooperative pool it would take a core from all
/// tasks, and on a Dispatch queue it would occupy one of the pool's threads forever.
enum TransferThread {
  /// - Throws: An error if there is no memory, or no thread can be started.
  static func start(_ options: TransferOptions) throws(TransferError) -> TransferQueue {
    let multi = try MultiHandle()
    let queue = TransferQueue(multi: multi)
    let loop: TransferLoop
    do {
      loop = try TransferLoop(multi: multi, options: options, queue: queue)
    } catch {
      multi.free()
      throw error
    }

    // The thread gets its own reference through the pointer and releases it when it ends. Nothing else refers to the
    // loop by then, so it need not be `Sendable`.
    let context = Unmanaged.passRetained(loop).toOpaque()
    #if canImport(Darwin)
      var thread: pthread_t?
    #else
      var thread = pthread_t()
    #endif
    let code = pthread_create(&thread, nil, threadBody, context)
    guard code == 0 else {
      Unmanaged<TransferLoop>.fromOpaque(context).release()
      multi.free()
      throw TransferError(kind: .permanent, summary: "no thread can be started", detail: "pthread_create: \(code)")
    }
    #if canImport(Darwin)
      if let thread { pthread_detach(thread) }
    #else
      pthread_detach(thread)
    #endif
    return queue
  }

  #if canImport(Darwin)
    private static let threadBody: @convention(c) (UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? = { context in
      run(Unmanaged<TransferLoop>.fromOpaque(context).takeRetainedValue())
      return nil
    }
  #else
    private static let threadBody: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { context in
      if let context { run(Unmanaged<TransferLoop>.fromOpaque(context).takeRetainedValue()) }
      return nil
    }
  #endif

  private static func run(_ loop: TransferLoop) {
    // With CURLOPT_NOSIGNAL, libcurl does not handle SIGPIPE, and OpenSSL writes without MSG_NOSIGNAL: a blocked signal
    // is only an error code. The other signals are for other threads.
    var signals = sigset_t()
    sigfillset(&signals)
    pthread_sigmask(SIG_BLOCK, &signals, nil)
    loop.run()
  }
}
