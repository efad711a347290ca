/// An executor that tells of its readiness by a call, so that a probe waits behind no task.
package protocol CallbackReadinessReporter: Executor {
  /// Checks as ``ReadinessReporter/checkReadiness()`` does.
  ///
  /// - Parameter completion: called once, with the reason if the store can't take writes, from the store's own thread or
  ///   the caller's: it must not block.
  func checkReadiness(completion: @escaping @Sendable (EventoError?) -> Void)
}
