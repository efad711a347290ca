/// One call to the gateway.
struct Call {
  let method: TransferRequest.Method
  let path: ResourcePath
  var body: [UInt8]?
  /// The status codes of successful responses; all others are errors.
  let successes: Set<Int>
  /// True if it can be retried. All calls may be sent twice, as ``RetryPolicy`` says, except one about the current
  /// state.
  var isRepeatable = true

  static func get(_ path: ResourcePath) -> Call {
    Call(method: .get, path: path, successes: [200])
  }

  static func post(_ path: ResourcePath, _ body: [UInt8], successes: Set<Int>) -> Call {
    Call(method: .post, path: path, body: body, successes: successes)
  }

  static func put(_ path: ResourcePath, _ body: [UInt8], successes: Set<Int>) -> Call {
    Call(method: .put, path: path, body: body, successes: successes)
  }

  static func patch(_ path: ResourcePath, _ body: [UInt8]) -> Call {
    Call(method: .patch, path: path, body: body, successes: [200])
  }

  static func delete(_ path: ResourcePath) -> Call {
    Call(method: .delete, path: path, successes: [204])
  }

  /// The response is valid whether the gateway is ready or not.
  static let readiness = Call(method: .get, path: "/readyz", successes: [200, 503], isRepeatable: false)
}
