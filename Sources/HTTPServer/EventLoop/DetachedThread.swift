internal import CSocketPolling

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// Threads that last as long as a server.
enum DetachedThread {
  private final class Body {
    let name: String
    let run: @Sendable () -> Void

    init(_ name: String, _ run: @escaping @Sendable () -> Void) {
      self.name = name
      self.run = run
    }
  }

  /// Runs `body` on a thread of its own, which is never joined.
  ///
  /// - Parameter name: The name in `top -H` and debuggers; at most 15 bytes on Linux.
  static func start(_ name: String, _ body: @escaping @Sendable () -> Void) throws(SystemError) {
    // Transferred to the thread, which releases it.
    let context = Unmanaged.passRetained(Body(name, body))
    #if canImport(Darwin)
      var thread: pthread_t?
      let code = pthread_create(&thread, nil, { DetachedThread.run($0) }, context.toOpaque())
    #else
      var thread = pthread_t()
      let code = pthread_create(&thread, nil, { DetachedThread.run($0) }, context.toOpaque())
    #endif
    guard code == 0 else {
      context.release()
      throw SystemError("pthread_create", code)
    }
    #if canImport(Darwin)
      if let thread { pthread_detach(thread) }
    #else
      pthread_detach(thread)
    #endif
  }

  private static func run(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let context else { return nil }
    let body = Unmanaged<Body>.fromOpaque(context).takeRetainedValue()
    #if canImport(Darwin)
      pthread_setname_np(body.name)
    #else
      socket_polling_name_thread(body.name)
    #endif
    body.run()
    return nil
  }
}
