/// The parameters of a read, in a body and in a query.
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

  /// What ``after`` says for the end of the log.
  static let now = "now"
  static let mixed = "can't stand beside first or after: a page is read forward or backward"
}
