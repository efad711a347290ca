internal import Evento

extension ReadResult {
  /// Checks what whoever reads page after page relies on: that none is longer than asked for, and that there is always
  /// a place to go on from, which an empty page with more behind it would not give.
  ///
  /// - Throws: where it does not hold.
  func check(asAnswerTo args: Args) throws(EventoError) {
    let (count, hasMore, next) =
      switch args {
      case .forward(let first, _): (first, pageInfo.hasNextPage, pageInfo.endCursor)
      case .backward(let last, _): (last, pageInfo.hasPreviousPage, pageInfo.startCursor)
      }
    guard edges.count <= count else {
      throw EventoError(.internal, "The page has \(edges.count) events, and \(count) were asked for.")
    }
    guard !hasMore || count == 0 || (!edges.isEmpty && next != nil) else {
      throw EventoError(.internal, "The page says that there is more, and does not say from where.")
    }
  }
}
