/// A small store of each version of the schema, as that version of the program made it.
///
/// Never change a step: there are such files.
enum OldStores {
  static let versions = 1...steps.count

  /// Returns the statements that make a store of a version.
  static func statements(ofVersion version: Int) -> String {
    """
    \(steps.prefix(version).joined(separator: "\n"))
    \(rows)
    \(version >= 3 ? "UPDATE event SET is_json = 2, metadata = NULL, data = x'' WHERE position = 2;" : "")
    PRAGMA application_id = 1163285583;
    PRAGMA user_version = \(version);
    """
  }

  private static let steps = [
    """
    CREATE TABLE store ( origin INTEGER NOT NULL, probe INTEGER NOT NULL ) STRICT;
    CREATE TABLE text ( id INTEGER PRIMARY KEY, value TEXT NOT NULL UNIQUE ) STRICT;
    CREATE TABLE kind ( id INTEGER PRIMARY KEY, type INTEGER NOT NULL, name INTEGER NOT NULL, UNIQUE (type,
      name) ) STRICT;
    CREATE TABLE lane ( id INTEGER PRIMARY KEY, routing_key INTEGER NOT NULL, kind INTEGER NOT NULL, UNIQUE
      (routing_key, kind) ) STRICT;
    CREATE TABLE aggregate ( id INTEGER PRIMARY KEY, type INTEGER NOT NULL, key TEXT NOT NULL, UNIQUE (type,
      key) ) STRICT;
    CREATE TABLE event ( position INTEGER PRIMARY KEY, tag INTEGER NOT NULL, id BLOB NOT NULL, aggregate INTEGER
      NOT NULL, version INTEGER NOT NULL, kind INTEGER NOT NULL, lane INTEGER NOT NULL, timestamp INTEGER NOT
      NULL, is_json INTEGER NOT NULL, metadata BLOB, data BLOB NOT NULL ) STRICT;
    CREATE UNIQUE INDEX event_by_id ON event (id);
    CREATE INDEX event_by_aggregate ON event (aggregate);
    CREATE INDEX event_by_kind ON event (kind);
    CREATE INDEX event_by_lane ON event (lane);
    CREATE TABLE subscriber ( key TEXT PRIMARY KEY, worker BLOB NOT NULL, position INTEGER, tag INTEGER, lag
      INTEGER NOT NULL, is_enabled INTEGER NOT NULL, created INTEGER NOT NULL, updated INTEGER NOT NULL )
      STRICT, WITHOUT ROWID;
    CREATE TABLE snapshot ( type TEXT NOT NULL, revision TEXT NOT NULL, id TEXT NOT NULL, position INTEGER NOT
      NULL, tag INTEGER NOT NULL, is_json INTEGER NOT NULL, data BLOB NOT NULL, UNIQUE (type, revision, id) )
      STRICT;
    """,
    """
    CREATE INDEX kind_by_type ON kind (type);
    CREATE INDEX lane_by_routing_key ON lane (routing_key);
    CREATE TABLE posting_list ( id INTEGER PRIMARY KEY, type INTEGER NOT NULL, routing_key INTEGER NOT NULL,
      first INTEGER NOT NULL, UNIQUE (type, routing_key) ) STRICT;
    CREATE TABLE posting ( list INTEGER NOT NULL, word INTEGER NOT NULL, bits INTEGER NOT NULL, PRIMARY KEY
      (list, word) ) STRICT, WITHOUT ROWID;
    CREATE TABLE sparse_index ( aggregate INTEGER NOT NULL, property INTEGER NOT NULL, value INTEGER NOT NULL,
      block INTEGER NOT NULL, first INTEGER NOT NULL, PRIMARY KEY (aggregate, property, value, block) ) STRICT,
      WITHOUT ROWID;
    """,
    // Only the meaning of a number is new.
    "",
  ]

  private static let rows = """
    INSERT INTO store (origin, probe) VALUES (7, 3);
    INSERT INTO text (id, value) VALUES (1, 'bank/Account'), (2, 'Opened'), (3, 'eu'), (4, 'Blocked');
    INSERT INTO kind (id, type, name) VALUES (1, 1, 2), (2, 1, 4);
    INSERT INTO lane (id, routing_key, kind) VALUES (1, 3, 1), (2, 3, 2), (3, 0, 1);
    INSERT INTO aggregate (id, type, key) VALUES (1, 1, 'ada'), (2, 1, 'bob');
    INSERT INTO event (position, tag, id, aggregate, version, kind, lane, timestamp, is_json, metadata, data) VALUES
      (1, 11, x'01900000000000000000000000000001', 1, 1, 1, 1, 1700000000000, 1, NULL, CAST('{"a":1}' AS BLOB)),
      (2, 11, x'01900000000000000000000000000002', 1, 2, 2, 2, 1700000000001, 0, CAST('{"b":2}' AS BLOB), x'00ff'),
      (3, 12, x'01900000000000000000000000000003', 2, 1, 1, 3, 1700000000002, 1, NULL, CAST('[1]' AS BLOB));
    INSERT INTO subscriber (key, worker, position, tag, lag, is_enabled, created, updated) VALUES
      ('mail', x'01900000000000000000000000000009', 2, 11, 0, 1, 1700000000003, 1700000000004);
    INSERT INTO snapshot (type, revision, id, position, tag, is_json, data) VALUES
      ('bank/Account', '1', 'ada', 2, 11, 1, CAST('{"state":2}' AS BLOB)), ('bank/Account', '1', 'bob', 3, 12, 0, x'01');
    """
}
