/// The parameters of a read, in bodies and queries.
enum ReadMember: String, MemberName {
  case aggregators
  case routingKey = "routing_key"
  case first
  case after
  case last
  case before
  case encoding
  case wait

  static let table = MemberTable<ReadMember>()

  /// The value of ``after`` for the end of the log.
  static let now = "now"
  static let mixed = "can't be combined with first or after. A page is read either forward or backward"
}
