/// The part of a response received so far.
struct ReceivedResponse {
  private let limit: Int
  private(set) var body: [UInt8] = []
  private(set) var isTooLarge = false
  private(set) var isHeadTooLarge = false
  /// True if the empty line after the last head (at the end, that of the final response) has arrived.
  private(set) var isHeadComplete = false
  private var headerBytes = 0

  /// - Parameter limit: The maximum size of the body, in bytes.
  init(limit: Int) {
    self.limit = limit
  }

  /// Adds a piece of the body.
  ///
  /// - Returns: True to continue.
  mutating func append(_ bytes: UnsafeRawBufferPointer) -> Bool {
    guard bytes.count <= limit - body.count else {
      isTooLarge = true
      return false
    }
    body.append(contentsOf: bytes)
    return true
  }

  /// Adds a line of a head: an interim response's (RFC 9110 §15.2), the final one's, or a trailer.
  ///
  /// - Returns: True to continue.
  mutating func readHeader(_ line: UnsafeRawBufferPointer) -> Bool {
    headerBytes += line.count
    guard headerBytes <= TransferOptions.headerBytes else {
      isHeadTooLarge = true
      return false
    }
    if line.starts(with: "HTTP/".utf8) {
      isHeadComplete = false
    } else if line.elementsEqual("\r\n".utf8) || line.elementsEqual("\n".utf8) {
      isHeadComplete = true
    }
    return true
  }
}

/// The maximum size of a response, or of a line in a stream, in bytes.
struct ResponseLimit: Sendable {
  let bytes: Int
  /// The name of the setting that raises it; `nil` if there is none.
  let setting: String?
}

extension HTTPConfiguration {
  var responseLimit: ResponseLimit { ResponseLimit(bytes: responseBytes, setting: responseBytesSetting) }
}

extension String {
  /// Returns whether this value of `Content-Type` names a media type, ignoring parameters and case (RFC 9110 §8.3.1).
  func names(mediaType: String) -> Bool {
    let type = prefix { $0 != ";" }.lowercased()
    return type.split(separator: " ").first.map { $0 == mediaType } ?? false
  }
}
