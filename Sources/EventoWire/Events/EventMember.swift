/// The members of an event, in requests and responses.
enum EventMember: String, MemberName {
  case id
  case aggregatorType = "aggregator_type"
  case aggregatorID = "aggregator_id"
  case version
  case name
  case routingKey = "routing_key"
  case data
  case dataBase64 = "data_base64"
  case metadata
  case timestamp
  case timestampSubsecond = "timestamp_subsec"

  static let table = MemberTable<EventMember>()

  static let bothPayloads = "can't be combined with data. Send one of the two"
  static let required = "is missing"
}
