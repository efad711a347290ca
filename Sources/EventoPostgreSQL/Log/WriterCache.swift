internal import Evento
internal import EventoStorage

/// A kind with a routing key.
struct LaneName: Hashable {
  let kind: KindName
  let routingKey: Name?
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
}

/// The part of the log that the writer's connection has without a look-up.
///
/// It ends with the connection: after a failover that lost commits, other texts may have the ids.
final class WriterCache {
  /// The store as of the last commit of this connection; `nil` before the first one. Unless another gateway has
  /// committed since, the heads are those of the latest events.
  var store: StoreRow?
  private var heads = TwoGenerationCache<AggregateKey, AggregateHead>(limit: headLimit)
  private var kinds = TwoGenerationCache<KindName, Kind>(limit: symbolLimit)
  private var lanes = TwoGenerationCache<LaneName, Lane>(limit: symbolLimit)

  /// The maximum number of aggregates, each with at most three texts of 255 bytes.
  private static let headLimit = 16_384
  /// The maximum number of kinds, and of lanes.
  private static let symbolLimit = 8192

  func head(of key: AggregateKey) -> AggregateHead? { heads.value(at: key) }
  func kind(_ name: KindName) -> Kind? { kinds.value(at: name) }
  func lane(_ name: LaneName) -> Lane? { lanes.value(at: name) }

  func keep(_ head: AggregateHead, of key: AggregateKey) { heads.keep(head, at: key) }
  func keep(_ kind: Kind, of name: KindName) { kinds.keep(kind, at: name) }
  func keep(_ lane: Lane, of name: LaneName) { lanes.keep(lane, at: name) }

  /// Forgets the heads, because another gateway has committed. Symbols never change.
  func forgetHeads() {
    store = nil
    heads.removeAll()
  }
}
