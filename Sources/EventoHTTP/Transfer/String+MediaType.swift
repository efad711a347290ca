extension String {
  /// Whether this value of `Content-Type` names a media type. Its parameters don't matter here, nor does its case
  /// (RFC 9110 §8.3.1).
  func names(mediaType: String) -> Bool {
    let type = prefix { $0 != ";" }.lowercased()
    return type.split(separator: " ").first.map { $0 == mediaType } ?? false
  }
}
