internal import Synchronization

/// The bytes that an event loop has received and sent.
///
/// Only its thread adds to them, so that this takes no atomic addition, and each loop has its own.
final class Traffic: Sendable {
  private let receivedBytes = Atomic(0)
  private let sentBytes = Atomic(0)

  var received: Int { receivedBytes.load(ordering: .relaxed) }
  var sent: Int { sentBytes.load(ordering: .relaxed) }

  func countReceived(_ bytes: Int) { receivedBytes.store(received &+ bytes, ordering: .relaxed) }
  func countSent(_ bytes: Int) { sentBytes.store(sent &+ bytes, ordering: .relaxed) }
}
