internal import Synchronization

/// The body of a response, passed from the thread that receives it to the task that reads it. Its buffer is bounded:
/// while it is full, the transfer is paused, and the server waits.
final class BodyPipe: Sendable {
  enum Piece {
    /// The bytes received since the last piece.
    case bytes([UInt8])
    /// The end of the transfer. The body of a successful response has been read by then, and the result has none.
    case end(Result<TransferResponse, TransferError>)
  }

  private struct State {
    var bytes: [UInt8] = []
    /// True if the transfer is paused, or about to be.
    var isFull = false
    var end: Result<TransferResponse, TransferError>?
    var reader: CheckedContinuation<Void, Never>?
  }

  private let state = Mutex(State())
  private let queue: TransferQueue

  /// The size of the buffer, in bytes: about what a connection carries in a millisecond.
  static let capacity = 256 << 10

  init(queue: TransferQueue) {
    self.queue = queue
  }

  /// For the thread: adds a piece of the body.
  ///
  /// - Returns: True if it was accepted. If not, offer it again once there is room.
  func offer(_ bytes: UnsafeRawBufferPointer) -> Bool {
    let (isTaken, reader) = state.withLock { state -> (Bool, CheckedContinuation<Void, Never>?) in
      guard state.bytes.count < Self.capacity else {
        state.isFull = true
        return (false, nil)
      }
      state.bytes.append(contentsOf: bytes)
      return (true, state.reader.take())
    }
    reader?.resume()
    return isTaken
  }

  /// For the thread: true if ``offer(_:)`` would accept something.
  var hasRoom: Bool { state.withLock { $0.bytes.count < Self.capacity } }

  /// For the thread: ends the body.
  func finish(_ result: Result<TransferResponse, TransferError>) {
    let reader = state.withLock { state in
      state.end = result
      return state.reader.take()
    }
    reader?.resume()
  }

  /// Returns the next piece; waits for it. One task at a time may read.
  func next() async -> Piece {
    while true {
      if let piece = take() { return piece }
      await withCheckedContinuation { continuation in
        let hasCome = state.withLock { state in
          guard state.bytes.isEmpty, state.end == nil else { return true }
          state.reader = continuation
          return false
        }
        if hasCome { continuation.resume() }
      }
    }
  }

  private func take() -> Piece? {
    let (piece, wasFull) = state.withLock { state -> (Piece?, Bool) in
      guard !state.bytes.isEmpty else { return (state.end.map(Piece.end), false) }
      let piece = Piece.bytes(state.bytes)
      state.bytes = []
      defer { state.isFull = false }
      return (piece, state.isFull)
    }
    if wasFull { queue.noteRoom() }
    return piece
  }
}

/// A response whose body is read as it arrives. Releasing it aborts its transfer.
final class ResponseStream: Sendable {
  private let transfer: Transfer
  private let pipe: BodyPipe
  private let queue: TransferQueue

  init(_ request: TransferRequest, over queue: TransferQueue) {
    self.queue = queue
    pipe = BodyPipe(queue: queue)
    transfer = Transfer(request, deadline: nil, into: pipe)
    queue.put(TransferQueue.Entry(transfer: transfer) { [pipe] result in pipe.finish(result) })
  }

  deinit {
    abort()
  }

  /// Returns the next piece; waits for it. If the task is cancelled, the transfer is aborted, and ends as `cancelled`.
  func next() async -> BodyPipe.Piece {
    await withTaskCancellationHandler {
      await pipe.next()
    } onCancel: {
      abort()
    }
  }

  private func abort() {
    // The transfer is marked before the thread is notified, so that the thread sees the mark whichever comes first.
    transfer.cancel()
    queue.noteCancellation()
  }
}
