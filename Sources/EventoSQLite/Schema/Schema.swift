internal import EventoStorage

/// The tables of a store, and the migrations from older versions.
///
/// An event's row holds integers for everything that repeats:
///
/// - `text`: types, names and routing keys, each kept once;
/// - `kind`: an aggregate type with an event name;
/// - `lane`: a kind with a routing key (0: none);
/// - `aggregate`: one aggregate of a type.
///
/// Rows of these four tables are only added, so that they can be cached. With them, three narrow indexes serve every
/// filter of a read, in the order of the log, since SQLite ends each index entry with the row's position:
///
/// | read by | index |
/// |---|---|
/// | nothing | the table itself |
/// | type; type and name | `event_by_kind`, an index scan for each kind |
/// | routing key, alone or with type or name | `event_by_lane`, an index scan for each lane |
/// | aggregate, whatever else | `event_by_aggregate` |
/// | id | `event_by_id` |
///
/// A read by type needs an index scan for each kind of the type, and a read by routing key one for each of its lanes. A
/// few are cheap, and thousands are not. So only the first ``IndexLimits/kindsPerType`` kinds of a type, and the first
/// ``IndexLimits/lanesPerRoutingKey`` lanes of a routing key, are read that way. The events of all later ones are also
/// in a posting list (https://en.wikipedia.org/wiki/Inverted_index): one for the type, one for the type with each
/// routing key, and one for the routing key. So every read takes a bounded number of index scans, with any number of
/// names, types and routing keys. A store with few of them, like most, has no posting lists and no cost for them.
///
/// A read by aggregate with a name or a routing key scans the aggregate's events, and an aggregate may have a million.
/// So `sparse_index` (https://en.wikipedia.org/wiki/Database_index#Sparse_index) records which parts of it contain
/// matches. An aggregate's versions are divided into blocks of ``IndexLimits/blockLength``, and the index has, for each
/// block, the position of its first event of each kind, of each routing key and of each lane. A read skips the blocks
/// without matches, and scans at most two blocks' length for each event that it finds. The first block is not in the
/// index, so that an aggregate of one block has no cost. An event of a longer one is in it at most three times, and
/// seldom at all unless the aggregate has very many names or routing keys.
///
/// An index on (aggregate, version) is not necessary: one writer assigns the versions, and within an aggregate their
/// order is that of the log, so that the latest event has the current version.
enum Schema {
  /// Marks a SQLite file as an event store: https://sqlite.org/pragma.html#pragma_application_id
  static let applicationID: Int64 = 0x4556_544F  // "EVTO"

  /// The `user_version` after all migrations.
  static var version: Int64 { Int64(migrations.count) }

  /// The steps from one `user_version` to the next. A released step is never changed.
  static let migrations = [
    """
    CREATE TABLE store (
      -- The number of the position before the first event, drawn when the store was made.
      origin INTEGER NOT NULL,
      -- Written to find out whether the store can be written.
      probe INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE text (
      id INTEGER PRIMARY KEY,
      value TEXT NOT NULL UNIQUE
    ) STRICT;
    CREATE TABLE kind (
      id INTEGER PRIMARY KEY,
      type INTEGER NOT NULL,
      name INTEGER NOT NULL,
      UNIQUE (type, name)
    ) STRICT;
    CREATE TABLE lane (
      id INTEGER PRIMARY KEY,
      routing_key INTEGER NOT NULL,
      kind INTEGER NOT NULL,
      UNIQUE (routing_key, kind)
    ) STRICT;
    CREATE TABLE aggregate (
      id INTEGER PRIMARY KEY,
      type INTEGER NOT NULL,
      key TEXT NOT NULL,
      UNIQUE (type, key)
    ) STRICT;
    CREATE TABLE event (
      -- 1, 2, 3 ... in the order of commit, without gaps.
      position INTEGER PRIMARY KEY,
      -- The commit, as a number drawn at random: a cursor bears it, and so notices another history.
      tag INTEGER NOT NULL,
      id BLOB NOT NULL,
      aggregate INTEGER NOT NULL,
      version INTEGER NOT NULL,
      kind INTEGER NOT NULL,
      lane INTEGER NOT NULL,
      -- Unix milliseconds.
      timestamp INTEGER NOT NULL,
      -- Whether data is JSON text that can be spliced into an answer.
      is_json INTEGER NOT NULL,
      -- NULL: {}
      metadata BLOB,
      data BLOB NOT NULL
    ) STRICT;
    CREATE UNIQUE INDEX event_by_id ON event (id);
    CREATE INDEX event_by_aggregate ON event (aggregate);
    CREATE INDEX event_by_kind ON event (kind);
    CREATE INDEX event_by_lane ON event (lane);
    CREATE TABLE subscriber (
      key TEXT PRIMARY KEY,
      worker BLOB NOT NULL,
      -- A cursor: position and tag, or neither at the beginning.
      position INTEGER,
      tag INTEGER,
      lag INTEGER NOT NULL,
      is_enabled INTEGER NOT NULL,
      created INTEGER NOT NULL,
      updated INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE snapshot (
      type TEXT NOT NULL,
      revision TEXT NOT NULL,
      id TEXT NOT NULL,
      position INTEGER NOT NULL,
      tag INTEGER NOT NULL,
      is_json INTEGER NOT NULL,
      data BLOB NOT NULL,
      UNIQUE (type, revision, id)
    ) STRICT;
    """,
    """
    CREATE INDEX kind_by_type ON kind (type);
    CREATE INDEX lane_by_routing_key ON lane (routing_key);
    CREATE TABLE posting_list (
      id INTEGER PRIMARY KEY,
      -- 0: of all types.
      type INTEGER NOT NULL,
      -- 0: of events without one; -1: of all.
      routing_key INTEGER NOT NULL,
      -- The first kind whose events are in it; for a list of all types, the first lane.
      first INTEGER NOT NULL,
      UNIQUE (type, routing_key)
    ) STRICT;
    CREATE TABLE posting (
      list INTEGER NOT NULL,
      -- position / 64.
      word INTEGER NOT NULL,
      -- Which of those 64 positions are in the list, the lowest bit for the first.
      bits INTEGER NOT NULL,
      PRIMARY KEY (list, word)
    ) STRICT, WITHOUT ROWID;
    INSERT INTO posting_list (type, routing_key, first)
      SELECT type, -1, id
      FROM (SELECT type, id, row_number() OVER (PARTITION BY type ORDER BY id) AS number FROM kind)
      WHERE number = \(IndexLimits.kindsPerType) + 1;
    INSERT INTO posting_list (type, routing_key, first)
      SELECT DISTINCT kind.type, lane.routing_key, list.first
      FROM lane JOIN kind ON kind.id = lane.kind JOIN posting_list AS list ON list.type = kind.type
      WHERE kind.id >= list.first;
    INSERT INTO posting_list (type, routing_key, first)
      SELECT 0, routing_key, id
      FROM (SELECT routing_key, id, row_number() OVER (PARTITION BY routing_key ORDER BY id) AS number FROM lane)
      WHERE number = \(IndexLimits.lanesPerRoutingKey) + 1;
    INSERT INTO posting (list, word, bits)
      SELECT list, position >> 6, 1 << (position & 63)
      FROM (
      SELECT list.id AS list, event.position AS position
      FROM posting_list AS list JOIN kind ON kind.type = list.type AND kind.id >= list.first
        JOIN event ON event.kind = kind.id
      WHERE list.type > 0 AND list.routing_key = -1
      UNION ALL
      SELECT list.id, event.position
      FROM posting_list AS list JOIN kind ON kind.type = list.type AND kind.id >= list.first
        JOIN lane ON lane.routing_key = list.routing_key AND lane.kind = kind.id JOIN event ON event.lane = lane.id
      WHERE list.type > 0 AND list.routing_key >= 0
      UNION ALL
      SELECT list.id, event.position
      FROM posting_list AS list JOIN lane ON lane.routing_key = list.routing_key AND lane.id >= list.first
        JOIN event ON event.lane = lane.id
      WHERE list.type = 0
      )
      WHERE true
      ON CONFLICT (list, word) DO UPDATE SET bits = bits | excluded.bits;
    CREATE TABLE sparse_index (
      aggregate INTEGER NOT NULL,
      -- 0: kind, 1: routing_key, 2: lane.
      property INTEGER NOT NULL,
      -- Of that property; of a routing key 0: none.
      value INTEGER NOT NULL,
      -- (version - 1) / \(IndexLimits.blockLength), from 1 on.
      block INTEGER NOT NULL,
      -- The position of the first event with that value in the block.
      first INTEGER NOT NULL,
      PRIMARY KEY (aggregate, property, value, block)
    ) STRICT, WITHOUT ROWID;
    -- The log once through, in its order, so that nothing is sorted and the first of a block comes first; and not at all
    -- if no aggregate is long.
    INSERT OR IGNORE INTO sparse_index (aggregate, property, value, block, first)
      SELECT
        event.aggregate, property.id,
        CASE property.id
          WHEN 0 THEN event.kind
          WHEN 1 THEN (SELECT routing_key FROM lane WHERE id = event.lane)
          ELSE event.lane
        END,
        (event.version - 1) / \(IndexLimits.blockLength), event.position
      FROM event CROSS JOIN (SELECT 0 AS id UNION ALL SELECT 1 UNION ALL SELECT 2) AS property
      WHERE event.version > \(IndexLimits.blockLength) AND event.position >= ifnull(
        (SELECT 1 FROM event GROUP BY aggregate HAVING count(*) > \(IndexLimits.blockLength) LIMIT 1), 9223372036854775807)
      ORDER BY event.position;
    """,
    """
    -- Only the number of the version changes. From here on, is_json can be 2, of an event whose content was erased.
    -- Earlier versions of this program would read it as an event with an empty payload.
    """,
    """
    -- At the end of a row, after a payload that may be large: a column is only ever added there. Readers read it with the
    -- payload. The rows that there are get theirs by Checksums, in the same transaction.
    ALTER TABLE event ADD COLUMN checksum INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE snapshot ADD COLUMN checksum INTEGER NOT NULL DEFAULT 0;
    """,
  ]

  /// The step that adds the checksums.
  static let checksumVersion = 4
}
