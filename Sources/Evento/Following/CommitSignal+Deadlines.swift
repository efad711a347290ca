extension CommitSignal {
  /// Sees to it that waits end at their deadlines, twenty times a second while anybody waits: for an owner that advances
  /// the signal by itself and has nothing else to look at meanwhile. To be called once, before anybody waits, and in the
  /// place of ``whenAwaited(_:)``.
  public func expireWhileAwaited() {
    whenAwaited { [weak self] in
      Task { [weak self] in
        repeat {
          // A task that nobody cancels: the sleep can't be cut short.
          try? await Task.sleep(for: .milliseconds(50))
        } while self?.expire() == true
      }
    }
  }
}
