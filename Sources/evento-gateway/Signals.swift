internal import Dispatch
internal import Foundation

/// Signals as a sequence: Dispatch takes them in the place of the process's default action.
final class Signals: Sendable {
  let received: AsyncStream<Int32>
  /// Held so that they live, and touched by nobody.
  private nonisolated(unsafe) let sources: [any DispatchSourceSignal]

  init(_ signals: [Int32]) {
    let (stream, continuation) = AsyncStream<Int32>.makeStream()
    received = stream
    sources = signals.map { number in
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler { continuation.yield(number) }
      source.activate()
      return source
    }
  }
}
