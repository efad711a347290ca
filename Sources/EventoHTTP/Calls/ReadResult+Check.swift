internal import Evento

extension ReadResult {
  /// Checks what a reader of consecutive pages relies on: that no page is longer than requested, and that there is
  /// always a position to continue from, which an empty page with `hasNextPage` would not have.
  ///
  /// - Throws: An error if it does not hold.
  func check(asAnswerTo args: Args) throws(EventoError) {
    let (count, hasMore, next) =
      switch args {
      case .forward(let first, _): (first, pageInfo.hasNextPage, pageInfo.endCursor)
      case .backward(let last, _): (last, pageInfo.hasPreviousPage, pageInfo.startCursor)
      }
    guard edges.count <= count else {
      throw EventoError(.internal, "The gateway sent \(edges.count) events, but the page is limited to \(count).")
    }
    guard !hasMore || count == 0 || (!edges.isEmpty && next != nil) else {
      throw EventoError(.internal, "The gateway sent a page that has more events, but no cursor to continue from.")
    }
  }
}
