/// Waits until the condition holds, and looks again every few milliseconds; throws where that takes a minute.
func eventually(_ condition: () async throws -> Bool) async throws {
  struct NeverHappened: Error {}
  for _ in 0..<12_000 {
    if try await condition() { return }
    try await Task.sleep(for: .milliseconds(5))
  }
  throw NeverHappened()
}
