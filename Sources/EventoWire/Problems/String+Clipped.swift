extension String {
  /// Returns the text, or its beginning with an ellipsis if it has more bytes: for an error that quotes text of a
  /// client, which may be as long as a request line.
  package func clipped(to limit: Int) -> String {
    guard utf8.count > limit else { return self }
    // Slicing rounds down to a whole scalar.
    return self[..<utf8.index(startIndex, offsetBy: limit)] + "…"
  }
}
