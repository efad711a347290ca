extension SubscriptionWorker {
  /// Returns when there may be more to read, or when it is time to stop.
  ///
  /// The one place that decides how soon an event is noticed: it may return too early or too late, and no event is
  /// lost or handled twice for it. It waits for a fixed time; a signal of each commit has its place here.
  func waitForMore() async {
    await signal.sleep(for: options.pollInterval, by: options.clock)
  }
}
