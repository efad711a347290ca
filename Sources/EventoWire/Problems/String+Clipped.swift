extension String {
  /// The text, or its beginning and an ellipsis if it has more bytes than that: for an error that quotes what a client
  /// sent, which may be as long as a request line.
  package func clipped(to limit: Int) -> String {
    guard utf8.count > limit else { return self }
    // Slicing goes back to the beginning of the scalar.
    return self[..<utf8.index(startIndex, offsetBy: limit)] + "…"
  }
}
