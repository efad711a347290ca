package import Evento

extension ReadResult<Event> {
  /// The page with no more events than its answer has room for: as few as one, where that is larger than the limit by
  /// itself. What is left out comes with the next page, which the page then says that there is.
  ///
  /// - Parameters:
  ///   - limit: bytes of the answer.
  ///   - args: what the page was read with: one that was read backward keeps its newest events.
  package func fitting(_ limit: Int, _ encoding: PayloadEncoding, _ args: Args) -> ReadResult {
    switch args {
    case .forward:
      let kept = Self.count(of: edges, in: limit, encoding)
      guard kept < edges.count else { return self }
      var page = ReadResult(edges: Array(edges.prefix(kept)), pageInfo: pageInfo)
      page.pageInfo.hasNextPage = true
      page.pageInfo.endCursor = page.edges.last?.cursor
      return page
    case .backward:
      let kept = Self.count(of: edges.reversed(), in: limit, encoding)
      guard kept < edges.count else { return self }
      var page = ReadResult(edges: Array(edges.suffix(kept)), pageInfo: pageInfo)
      page.pageInfo.hasPreviousPage = true
      page.pageInfo.startCursor = page.edges.first?.cursor
      return page
    }
  }

  private static func count(
    of edges: some Sequence<Edge<Event>>, in limit: Int, _ encoding: PayloadEncoding
  ) -> Int {
    var (count, size) = (0, Self.frameSize)
    for edge in edges {
      size += edge.size(encoding)
      if size > limit, count > 0 { break }
      count += 1
    }
    return count
  }

  /// More than what stands around the edges: two cursors, two flags and the members' names.
  private static let frameSize = 2 * Cursor.maximumLength + 150
}

extension Edge<Event> {
  /// Bytes that the answer has for it at most.
  fileprivate func size(_ encoding: PayloadEncoding) -> Int {
    let payload = node.data.bytes.count
    let isText = encoding == .auto && node.data.isJSON
    let names =
      node.aggregatorType.utf8.count + node.aggregatorID.utf8.count + node.name.utf8.count
      + (node.routingKey?.utf8.count ?? 0)
    // An escape makes two bytes of one, and control characters, which make six, are in no name.
    return Self.fixedSize + cursor.description.utf8.count + 2 * names + node.metadata.bytes.count
      + (isText ? payload : (payload + 2) / 3 * 4)
  }

  /// More than what the members' names, the identifier and the numbers take.
  private static var fixedSize: Int { 300 }
}
