extension String {
  /// Returns whether this value of `Content-Type` names a media type, ignoring parameters and case (RFC 9110 §8.3.1).
  func names(mediaType: String) -> Bool {
    let type = prefix { $0 != ";" }.lowercased()
    return type.split(separator: " ").first.map { $0 == mediaType } ?? false
  }
}
