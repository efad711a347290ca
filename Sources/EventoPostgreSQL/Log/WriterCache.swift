internal import Evento
internal import EventoStorage

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
