@testable import EventoSQLite

/// Stores as older versions of the schema had them.
enum OlderStore {
  /// Makes a store of today one of the first version.
  static let first = """
    DROP TABLE posting;
    DROP TABLE posting_list;
    DROP TABLE sparse_index;
    DROP INDEX kind_by_type;
    DROP INDEX lane_by_routing_key;
    ALTER TABLE event DROP COLUMN checksum;
    ALTER TABLE snapshot DROP COLUMN checksum;
    PRAGMA user_version = 1;
    """

  /// Makes the store in a file, which nobody has open, one of the first version.
  static func makeFirst(_ file: String) throws {
    let connection = try Connection(path: file, busyTimeout: .zero)
    defer { connection.close() }
    try connection.execute(first)
  }
}
