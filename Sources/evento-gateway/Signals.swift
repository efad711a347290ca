internal import Foundation
internal import Synchronization

/// Signals as a sequence, from the start of the process.
///
/// They are blocked before the process has a second thread, so that all threads have them blocked, and a dedicated
/// thread receives them (https://pubs.opengroup.org/onlinepubs/9799919799/functions/sigwait.html). One that arrives
/// before that thread starts stays pending, so no signal is ever lost or ends the process.
final class Signals: Sendable {
  let received: AsyncStream<Int32>

  private struct State {
    var observer: (@Sendable (Int32) -> Void)?
    /// Signals received before there was an observer.
    var unobserved: Set<Int32> = []
  }

  private let state = Mutex(State())

  /// Blocks the signals in the calling thread, and so in all threads that it starts.
  ///
  /// A signal that was ignored at the start of the process stays ignored, as `nohup` and a shell's background jobs
  /// require (https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html#tag_19_12): `sigwait` would
  /// receive it nevertheless.
  static func block(_ signals: [Int32]) {
    var all = set(of: signals)
    pthread_sigmask(SIG_BLOCK, &all, nil)
    // Checked while they are blocked, so that none is lost meanwhile.
    var ignored = set(of: signals.filter(isIgnored))
    pthread_sigmask(SIG_UNBLOCK, &ignored, nil)
  }

  /// - Parameter signals: The signals, which must be blocked.
  init(_ signals: [Int32]) {
    let (stream, continuation) = AsyncStream<Int32>.makeStream()
    received = stream
    Thread.detachNewThread { [self] in
      var set = Self.set(of: signals)
      while true {
        var number: Int32 = 0
        // It fails only for signals that don't exist.
        guard sigwait(&set, &number) == 0 else { return }
        let observer = state.withLock { state in
          if state.observer == nil { state.unobserved.insert(number) }
          return state.observer
        }
        observer?(number)
        continuation.yield(number)
      }
    }
  }

  /// Calls `observer` with each signal before ``received`` gets it, and with those already received: for code that
  /// can't read a sequence. It is called on the signals' thread, or the caller's.
  func observe(_ observer: @escaping @Sendable (Int32) -> Void) {
    let earlier = state.withLock { state in
      state.observer = observer
      defer { state.unobserved = [] }
      return state.unobserved
    }
    for number in earlier { observer(number) }
  }

  func stopObserving() {
    state.withLock { $0.observer = { _ in } }
  }

  private static func isIgnored(_ number: Int32) -> Bool {
    let action = signal(number, SIG_DFL)
    signal(number, action)
    return unsafeBitCast(action, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
  }

  private static func set(of signals: [Int32]) -> sigset_t {
    var set = sigset_t()
    sigemptyset(&set)
    for signal in signals { sigaddset(&set, signal) }
    return set
  }
}

/// A command that handles signals itself.
protocol SignalHandling {
  static var signals: [Int32] { get }
}
