internal import HTTPServer

/// The compression of one response, as its request asks for it.
struct ResponseCompression: Sendable {
  /// The field of a compressed response.
  static let field = (name: "Content-Encoding", value: "gzip")

  let compressor: Compressor
  /// True if the client refuses a response that is not compressed, even a small one.
  private let isRequired: Bool

  /// The size from which a body is compressed. A smaller one would hardly need fewer packets.
  private static let minimumBytes = 1024

  /// - Parameter compressor: `nil` if nothing is compressed.
  /// - Returns: `nil` if the client does not ask for it.
  init?(_ compressor: Compressor?, for request: GatewayRequest) {
    guard let compressor, case .gzip(let isRequired) = AcceptEncoding.coding(request.head.headers) else { return nil }
    self.compressor = compressor
    self.isRequired = isRequired
  }

  /// Compresses a response if its body is large enough. Errors are not compressed.
  ///
  /// - Parameter completion: Called at once or on another thread.
  func encode(_ response: Response, completion: @escaping @Sendable (Response) -> Void) {
    guard case .bytes(let body) = response.body, compresses(body, response.status) else { return completion(response) }
    compressor.compress(body) { bytes in
      guard let bytes else { return completion(response) }
      var response = response
      response.body = .bytes(bytes)
      response.headers.append(Self.field.name, Self.field.value)
      completion(response)
    }
  }

  func encode(_ response: Response) async -> Response {
    await withCheckedContinuation { continuation in encode(response) { continuation.resume(returning: $0) } }
  }

  private func compresses(_ body: [UInt8], _ status: Int) -> Bool {
    200...299 ~= status && (isRequired || body.count >= Self.minimumBytes)
  }
}
