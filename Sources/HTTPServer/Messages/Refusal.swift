/// A request that the server itself refuses, or gives up.
public struct Refusal: Sendable {
  /// Why.
  public let fault: ProtocolFault
  /// `nil` where the fault is in the head itself.
  public let head: RequestHead?
  /// The head's fields; where the fault is in the head itself, those that had come before it.
  public let fields: Headers
  /// For how long the handler had worked on it; `nil` where it had not.
  public let duration: Duration?
}
