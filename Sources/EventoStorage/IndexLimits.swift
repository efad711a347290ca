/// The numbers that bound what a read by a filter costs. They are constants of the databases: each kind, lane and event
/// stays what it was when it was added.
package enum IndexLimits {
  /// The number of kinds of a type that a read by type scans one by one. The events of later ones are in an index of
  /// their own.
  package static let kindsPerType = 32
  /// The number of lanes of a routing key that a read by routing key scans one by one. The events of later ones are in
  /// an index of their own.
  package static let lanesPerRoutingKey = 256
  /// The number of versions in a block of an aggregate. Reads of an aggregate by name or routing key check each event
  /// of its first block, and find those of later blocks by an index.
  package static let blockLength: Int64 = 256
}
