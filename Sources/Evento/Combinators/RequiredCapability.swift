extension Executor {
  /// This executor as one that can do something beyond the eight operations.
  ///
  /// - Parameter what: what is asked for, for the message.
  /// - Throws: `not_implemented` where it can't.
  func required<T>(_ kind: T.Type, _ what: String) throws -> T {
    guard let able = self as? T else {
      throw EventoError(.notImplemented, "The store can't \(what): \(type(of: self)) does not support it.")
    }
    return able
  }
}
