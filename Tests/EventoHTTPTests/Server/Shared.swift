import Synchronization

/// A value that a test and its server's threads share.
final class Shared<Value: Sendable>: Sendable {
  private let state: Mutex<Value>

  init(_ value: Value) {
    state = Mutex(value)
  }

  var value: Value { state.withLock { $0 } }

  /// - Returns: what it is afterwards.
  @discardableResult
  func change(_ body: (inout Value) -> Void) -> Value {
    state.withLock { value in
      body(&value)
      return value
    }
  }
}
