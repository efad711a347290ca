/// An aggregate's type and id, which together identify it. Compared by UTF-8 bytes.
public struct AggregateKey: Sendable, Hashable {
  public let type: Name
  public let id: Name

  /// - Parameters:
  ///   - type: A text that has been checked, as for ``Name/init(checked:)``.
  ///   - id: The same for the id.
  public init(type: String, id: String) {
    self.type = Name(checked: type)
    self.id = Name(checked: id)
  }
}
