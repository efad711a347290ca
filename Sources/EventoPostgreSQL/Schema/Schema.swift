internal import EventoStorage

/// The tables of a store, and the migrations from older versions.
///
/// They are like those of the SQLite store: an event's row holds integers for everything that repeats, and `text`,
/// `kind`, `lane` and `aggregate` say what they mean. Only the id of its aggregate is in the row as well, as
/// `aggregate_key`: there can be as many aggregates as events, and a page would look up most of them. Rows of these four
/// tables are only added. Their ids are counted in the row of `store`, not by sequences: a failover to a server that is
/// behind can lose rows and give their ids to others, and then the counters go back with the rows.
///
/// Every commit updates the row of `store` first. Its lock makes the order of commits the order of positions.
///
/// | read by | index |
/// |---|---|
/// | nothing | the primary key |
/// | type; type and name | `event_by_kind`, an index scan for each kind |
/// | routing key, alone or with type or name | `event_by_lane`, an index scan for each lane |
/// | aggregate | `event_by_aggregate` |
/// | id | `event_by_id` |
///
/// Each index ends with the position, so that it returns a filter's events in the order of the log. That of the
/// aggregates has the kind and the routing key beside it, so that reads by aggregate and name need no rows of other
/// events. The other indexes are partial (https://www.postgresql.org/docs/15/indexes-partial.html), and most stores have
/// no rows in them. They do what the posting lists and the sparse index of the SQLite store do, so that a read takes a
/// bounded number of index scans with any number of names, types and routing keys:
///
/// - Kinds beyond the first ``IndexLimits/kindsPerType`` of their type are late, and so are their events. These are in
///   an index by type, and in one by type and routing key.
/// - Lanes beyond the first ``IndexLimits/lanesPerRoutingKey`` of their routing key are late. Their events are in an
///   index by routing key.
/// - Events beyond the first ``IndexLimits/blockLength`` of their aggregate are in indexes by aggregate and kind,
///   routing key or lane.
enum Schema {
  /// The version after all migrations.
  static var version: Int { migrations.count }

  /// The table that marks a schema as a store, and has the version of its tables.
  static let versionTable = "evento_schema"

  /// The tables of the newest version.
  static let tables = [
    versionTable, "store", "text", "kind", "lane", "aggregate", "event", "subscriber", "snapshot",
  ]

  /// The steps from one version to the next, each a list of single statements. A released step is never changed.
  ///
  /// Texts are compared by their bytes (`COLLATE "C"`), whatever the database's own order is. Columns of eight bytes come
  /// first, so that no row has gaps for their alignment.
  ///
  /// `data` keeps the default `STORAGE EXTENDED`: PostgreSQL compresses payloads of more than about 2 kB
  /// (https://www.postgresql.org/docs/15/storage-toast.html), by the method that the connection sets.
  static let migrations: [[String]] = [
    [
      // Both tables have exactly one row. The primary key also lets updates be replicated logically.
      """
      CREATE TABLE \(versionTable) (
        version integer NOT NULL,
        is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only)
      )
      """,
      // Room for many versions of the row on its page: each commit adds one, and later ones remove it
      // (https://www.postgresql.org/docs/15/storage-hot.html).
      """
      CREATE TABLE store (
        origin bigint NOT NULL,
        position bigint NOT NULL,
        commit_id bigint NOT NULL,
        texts bigint NOT NULL,
        kinds bigint NOT NULL,
        lanes bigint NOT NULL,
        aggregates bigint NOT NULL,
        -- Grows when a gateway has looked up what became of a commit, so that the commit can't be made later.
        term bigint NOT NULL DEFAULT 0,
        is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only)
      ) WITH (fillfactor = 10)
      """,
      """
      CREATE TABLE text (
        id integer PRIMARY KEY,
        value text COLLATE "C" NOT NULL UNIQUE
      )
      """,
      """
      CREATE TABLE kind (
        id integer PRIMARY KEY,
        type integer NOT NULL,
        name integer NOT NULL,
        is_late boolean NOT NULL,
        UNIQUE (type, name)
      )
      """,
      "CREATE INDEX kind_by_type ON kind (type, id)",
      """
      CREATE TABLE lane (
        id integer PRIMARY KEY,
        routing_key integer NOT NULL,
        kind integer NOT NULL,
        is_late boolean NOT NULL,
        UNIQUE (routing_key, kind)
      )
      """,
      "CREATE INDEX lane_by_routing_key ON lane (routing_key, id)",
      """
      CREATE TABLE aggregate (
        id bigint PRIMARY KEY,
        type integer NOT NULL,
        key text COLLATE "C" NOT NULL,
        UNIQUE (type, key)
      )
      """,
      // Rows are only inserted, so autovacuum runs by their number: index-only scans need the visibility map
      // (https://www.postgresql.org/docs/15/indexes-index-only-scans.html), at the end of the log too.
      """
      CREATE TABLE event (
        position bigint PRIMARY KEY,
        commit_id bigint NOT NULL,
        aggregate bigint NOT NULL,
        version bigint NOT NULL,
        timestamp bigint NOT NULL,
        id uuid NOT NULL,
        type integer NOT NULL,
        kind integer NOT NULL,
        lane integer NOT NULL,
        routing_key integer NOT NULL,
        is_late_kind boolean NOT NULL,
        is_late_lane boolean NOT NULL,
        is_json boolean NOT NULL,
        metadata bytea,
        data bytea NOT NULL
      ) WITH (autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 50000)
      """,
      "CREATE INDEX event_by_aggregate ON event (aggregate, position)",
    ] + eventIndexes.map(\.statement) + [
      """
      CREATE TABLE subscriber (
        key text COLLATE "C" PRIMARY KEY,
        worker uuid NOT NULL,
        position bigint,
        commit_id bigint,
        lag bigint NOT NULL,
        is_enabled boolean NOT NULL,
        created bigint NOT NULL,
        updated bigint NOT NULL
      )
      """,
      """
      CREATE TABLE snapshot (
        type text COLLATE "C",
        revision text COLLATE "C",
        id text COLLATE "C",
        position bigint NOT NULL,
        commit_id bigint NOT NULL,
        is_json boolean NOT NULL,
        data bytea NOT NULL,
        PRIMARY KEY (type, revision, id)
      )
      """,
    ],
    [
      "ALTER TABLE event ADD COLUMN aggregate_key text COLLATE \"C\"",
      eventIndexRemoval,
      // For this one statement, not as connections set it: it reads both tables whole.
      "SET LOCAL enable_seqscan = on",
      "SET LOCAL enable_hashjoin = on",
      "UPDATE event SET aggregate_key = aggregate.key FROM aggregate WHERE aggregate.id = event.aggregate",
      "ALTER TABLE event ALTER COLUMN aggregate_key SET NOT NULL",
    ] + eventIndexCreation,
    [
      // From here on, it is NULL in the row of an event whose content was erased. Earlier versions of this program would
      // read it as an event with an empty payload.
      "ALTER TABLE event ALTER COLUMN is_json DROP NOT NULL"
    ],
    [
      // The rows that there are get theirs by ChecksumFilling, in the same transaction. Without a default afterwards, so
      // that a gateway of an earlier version can't add others.
      "ALTER TABLE event ADD COLUMN checksum integer NOT NULL DEFAULT 0",
      "ALTER TABLE event ALTER COLUMN checksum DROP DEFAULT",
      "ALTER TABLE snapshot ADD COLUMN checksum integer NOT NULL DEFAULT 0",
      "ALTER TABLE snapshot ALTER COLUMN checksum DROP DEFAULT",
    ],
  ]

  /// The step that adds the checksums.
  static let checksumVersion = 4

  /// The statements that remove the indexes of `event` except for its primary key, and make them again. A change of all
  /// rows gives each of them another place, which every index would get too, and that takes longer.
  static let eventIndexRemoval =
    "DROP INDEX event_by_aggregate, \(eventIndexes.map(\.name).joined(separator: ", "))"
  static let eventIndexCreation =
    ["CREATE INDEX event_by_aggregate ON event (aggregate, position) INCLUDE (kind, routing_key)"]
    + eventIndexes.map(\.statement)

  /// The indexes of `event` that all versions have, apart from its primary key.
  private static let eventIndexes: [(name: String, statement: String)] = [
    ("event_by_id", "CREATE UNIQUE INDEX event_by_id ON event (id)"),
    ("event_by_kind", "CREATE INDEX event_by_kind ON event (kind, position)"),
    ("event_by_lane", "CREATE INDEX event_by_lane ON event (lane, position)"),
    ("event_late_by_type", "CREATE INDEX event_late_by_type ON event (type, position) WHERE is_late_kind"),
    (
      "event_late_by_type_and_routing_key",
      "CREATE INDEX event_late_by_type_and_routing_key ON event (type, routing_key, position) WHERE is_late_kind"
    ),
    (
      "event_late_by_routing_key",
      "CREATE INDEX event_late_by_routing_key ON event (routing_key, position) WHERE is_late_lane"
    ),
    (
      "event_by_aggregate_and_kind",
      """
      CREATE INDEX event_by_aggregate_and_kind ON event (aggregate, kind, position)
      WHERE version > \(IndexLimits.blockLength)
      """
    ),
    (
      "event_by_aggregate_and_routing_key",
      """
      CREATE INDEX event_by_aggregate_and_routing_key ON event (aggregate, routing_key, position)
      WHERE version > \(IndexLimits.blockLength)
      """
    ),
    (
      "event_by_aggregate_and_lane",
      """
      CREATE INDEX event_by_aggregate_and_lane ON event (aggregate, lane, position)
      WHERE version > \(IndexLimits.blockLength)
      """
    ),
  ]
}
