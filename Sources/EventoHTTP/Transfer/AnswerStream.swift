/// An answer whose body is read as it comes. To let go of it is to abort its transfer.
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

  /// The next piece; waits for it. Where the task is cancelled, the transfer is aborted, and ends as `cancelled`.
  func next() async -> BodyPipe.Piece {
    await withTaskCancellationHandler {
      await pipe.next()
    } onCancel: {
      abort()
    }
  }

  private func abort() {
    // The mark is set before the note is left, so that the thread sees it whichever of note and transfer is first.
    transfer.cancel()
    inbox.noteCancellation()
  }
}
