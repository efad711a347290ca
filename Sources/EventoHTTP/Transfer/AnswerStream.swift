/// A response whose body is read as it arrives. Releasing it aborts its transfer.
final class AnswerStream: Sendable {
  private let transfer: Transfer
  private let pipe: BodyPipe
  private let inbox: Inbox

  init(_ request: TransferRequest, over inbox: Inbox) {
    self.inbox = inbox
    pipe = BodyPipe(inbox: inbox)
    transfer = Transfer(request, deadline: nil, into: pipe)
    inbox.put(Inbox.Entry(transfer: transfer) { [pipe] result in pipe.finish(result) })
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
    inbox.noteCancellation()
  }
}
