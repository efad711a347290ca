/// The tables of a store, and how an older store becomes one of today.
///
/// An event's row holds integers for everything that repeats:
///
/// - `text`: types, names and routing keys, each kept once;
/// - `kind`: an aggregate type with an event name;
/// - `lane`: a kind with a routing key (0: none);
/// - `aggregate`: one aggregate of a type.
///
/// Rows of these four are only ever added, so that whoever has read one may keep it. With them, three narrow indexes
/// serve every filter of a read, in the order of the log, since SQLite ends each index entry with the row's position:
///
/// | read by | index |
/// |---|---|
/// | nothing | the table itself |
/// | type; type and name | `event_by_kind`, an entry point for each kind |
/// | routing key, alone or with type or name | `event_by_lane`, an entry point for each lane |
/// | aggregate, whatever else | `event_by_aggregate` |
/// | id | `event_by_id` |
///
/// There is no index on (aggregate, version): one writer gives out the versions, and within an aggregate their order is
/// that of the log, so that the latest event tells the current version.
enum Schema {
  /// What makes a SQLite file a store of ours: https://sqlite.org/pragma.html#pragma_application_id
  static let applicationID: Int64 = 0x4556_544F  // "EVTO"

  /// `user_version` after all migrations.
  static var version: Int64 { Int64(migrations.count) }

  /// Each step from one `user_version` to the next. A step that has been released is never changed.
  static let migrations = [
    """
    CREATE TABLE store (
      -- The tag of the place before the first event, drawn when the store was made.
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
      -- Drawn at random for each commit: a cursor bears it, and so notices another history.
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
    """
  ]
}
