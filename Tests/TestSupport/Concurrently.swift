/// Runs a body for each element, a few at a time, and returns the values in the order of the elements. For tests that
/// wait for a process or a database more than they compute.
///
/// - Throws: the first error of a body, after the others that have begun are cancelled and have ended.
package func concurrently<Element: Sendable, Value: Sendable>(
  _ elements: some Collection<Element>, atOnce limit: Int = 6,
  _ body: @escaping @Sendable (Element) async throws -> Value
) async throws -> [Value] {
  try await withThrowingTaskGroup(of: (Int, Value).self) { group in
    var values: [Int: Value] = [:]
    for (index, element) in elements.enumerated() {
      if index >= limit, let (index, value) = try await group.next() { values[index] = value }
      group.addTask { (index, try await body(element)) }
    }
    for try await (index, value) in group { values[index] = value }
    return values.sorted { $0.key < $1.key }.map(\.value)
  }
}
