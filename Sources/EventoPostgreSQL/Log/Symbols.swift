internal import Evento
internal import EventoStorage

/// A kind with a routing key.
struct LaneName: Hashable {
  let kind: KindName
  let routingKey: Name?

  /// The part of the names in the checksum of an event.
  var checksum: UInt32 {
    EventChecksum.ofNames(type: kind.type.text, name: kind.name.text, routingKey: routingKey?.text)
  }
}

/// The row of a kind.
struct Kind {
  let id: Int64
  let type: Int64
  /// True if it is not among the first kinds of its type.
  let isLate: Bool
}

/// The row of a lane.
struct Lane {
  /// The id of a lane without a routing key.
  static let noRoutingKey: Int64 = 0

  let id: Int64
  let routingKey: Int64
  /// True if it is not among the first lanes of its routing key.
  let isLate: Bool
  /// ``LaneName/checksum``
  let checksum: UInt32
}
