import Evento
import EventoStorage
import Synchronization
import TestSupport
import Testing

@testable import EventoPostgreSQL

@Suite(.needsPostgreSQL) struct SchemaTests {
  /// Runs a test with a database of its own.
  private func withDatabase(_ body: (PostgreSQLServer.Database) async throws -> Void) async throws {
    try await PostgreSQLServer.shared.withDatabase(body)
  }

  @discardableResult
  private func prepare(
    _ url: String, schema: String? = nil, _ rules: Schema.Rules = Schema.Rules()
  ) async throws -> Bool {
    try await withConnection(url, schema: schema) { try Schema.prepare($0, rules) }
  }

  private func expectRefused(
    _ url: String, _ text: String, sourceLocation: SourceLocation = #_sourceLocation
  ) async throws {
    let error = try await #require(throws: EventoError.self, sourceLocation: sourceLocation) { try await prepare(url) }
    #expect(error.detail.contains(text), sourceLocation: sourceLocation)
    #expect(error.code == .unavailable && !error.isTransient, sourceLocation: sourceLocation)
  }

  @Test func tenGatewaysStartAtOnce() async throws {
    try await withDatabase { database in
      let url = database.url
      let created = try await withThrowingTaskGroup(of: Bool.self) { group in
        for _ in 0..<10 { group.addTask { try await prepare(url) } }
        return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
      }
      #expect(created == 1)
      let row = try await withConnection(url) { connection in
        let row = try connection.run(.once("SELECT origin, position, commit_id, aggregates FROM store"))
        return [Int64(row.rowCount), row.integer(0, 0) - row.integer(0, 2), row.integer(0, 1), row.integer(0, 3)]
      }
      #expect(row == [1, 0, 0, 0])
      #expect(try await !prepare(url))
    }
  }

  @Test(arguments: [
    ("UPDATE evento_schema SET version = version + 1", "newer version"),
    ("UPDATE evento_schema SET version = 0", "schema version is missing"),
    ("DELETE FROM evento_schema", "schema version is missing"),
    ("DROP TABLE evento_schema", "another program's table"),
    ("DROP TABLE snapshot", "the table \"snapshot\" is missing"),
    ("DELETE FROM store", "does not have exactly one row"),
  ])
  func aSchemaThatIsNoStoreIsRefused(_ statement: String, _ text: String) async throws {
    try await withDatabase { database in
      let url = database.url
      try await prepare(url)
      try await database.psql(statement)
      try await expectRefused(url, text)
    }
  }

  @Test func anotherProgramsTablesAreRefused() async throws {
    try await withDatabase { database in
      let url = database.url
      try await database.psql("CREATE TABLE event (a int)")
      try await expectRefused(url, "another program's table \"event\"")
    }
  }

  @Test func asynchronousCommitIsRefusedUnlessAllowed() async throws {
    try await withDatabase { database in
      let url = database.url
      try await database.psql("ALTER DATABASE \(database.name) SET synchronous_commit = off")
      try await expectRefused(url, "\"synchronous_commit\" is off")
      var rules = Schema.Rules()
      rules.allowsAsynchronousCommit = true
      #expect(try await prepare(url, rules))
    }
  }

  @Test(arguments: [("local", "can lose"), ("remote_write", "both machines"), ("on", nil), ("remote_apply", nil)])
  func aCommitThatAFailoverCanLoseGivesANotice(_ setting: String, _ text: String?) async throws {
    try await withDatabase { database in
      try await database.psql("ALTER DATABASE \(database.name) SET synchronous_commit = \(setting)")
      let notices = Mutex<[StoreNotice]>([])
      var configuration = PostgreSQLConfiguration(url: database.url)
      configuration.notify = { notice in notices.withLock { $0.append(notice) } }
      try await PostgreSQLExecutor.open(configuration).close()
      let found = notices.withLock { $0 }
      #expect(found.map(\.level) == (text == nil ? [] : [.failure]))
      #expect(found.allSatisfy { $0.message.contains(setting) && $0.message.contains(text ?? "?") })
    }
  }

  @Test func aMissingStoreIsAnErrorIfItMustExist() async throws {
    try await withDatabase { database in
      let url = database.url
      var rules = Schema.Rules()
      rules.createsTables = false
      let error = try await #require(throws: EventoError.self) { try await prepare(url, rules) }
      #expect(error.detail.contains("has no event store"))
      #expect(try await prepare(url))
      #expect(try await !prepare(url, rules))
    }
  }

  /// It says so to a role that could not create the schema either.
  @Test func aMissingSchemaIsAnErrorIfTheStoreMustExist() async throws {
    try await withDatabase { database in
      try await database.psql("CREATE ROLE visitor LOGIN")
      var rules = Schema.Rules()
      rules.createsTables = false
      for user in ["evento", "visitor"] {
        let error = try await #require(throws: EventoError.self) {
          try await prepare(database.url(user: user), schema: "missing", rules)
        }
        #expect(error.detail.contains("The schema \"missing\" of the PostgreSQL database has no event store"))
      }
      #expect(try await database.psql("SELECT count(*) FROM pg_namespace WHERE nspname = 'missing'") == "0")
    }
  }

  /// One role creates the tables, another one only uses them.
  @Test func aRoleWithoutPrivilegesToCreateUsesAStore() async throws {
    try await withDatabase { database in
      let url = database.url
      try await database.psql("CREATE ROLE least LOGIN; REVOKE CREATE ON SCHEMA public FROM PUBLIC")
      let least = database.url(user: "least")
      try await expectRefused(least, "can't create the event store's tables in the schema \"public\"")
      try await expectRefused(
        database.url(
          user: "least", "options=-cdefault_transaction_read_only%3Don", "target_session_attrs=any"),
        "can't create the event store's tables")
      try await prepare(url)
      try await database.psql(
        """
        GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA public TO least;
        GRANT DELETE ON subscriber, snapshot TO least
        """)
      #expect(try await !prepare(least))
      // The role goes with its grants.
      try await database.psql("DROP OWNED BY least; DROP ROLE least")
    }
  }

  @Test(arguments: ["mine", #"My "schema" é"#])
  func aSchemaIsNamedByItsSetting(_ schema: String) async throws {
    try await withDatabase { database in
      let url = database.url
      #expect(try await prepare(url, schema: schema))
      #expect(try await !prepare(url, schema: schema))
      let names = try await withConnection(url) { connection in
        let rows = try connection.run(.once("SELECT DISTINCT schemaname FROM pg_tables WHERE tablename = 'event'"))
        return (0..<rows.rowCount).map { rows.text($0, 0) }
      }
      #expect(names == [schema])
      // Two stores in one database.
      #expect(try await prepare(url))
    }
  }

  @Test func aSchemaIsNamedByTheURL() async throws {
    try await withDatabase { database in
      let url = database.url("options=-csearch_path%3Dmine")
      try await expectRefused(url, "No schema of the \"search_path\" exists")
      try await database.psql("CREATE SCHEMA mine AUTHORIZATION evento")
      #expect(try await prepare(url))
      let count = try await withConnection(url) {
        try $0.run(.once("SELECT count(*) FROM pg_tables WHERE schemaname = 'mine'")).integer(0, 0)
      }
      #expect(count == Int64(Schema.tables.count))
    }
  }

  /// A store as each earlier version of the tables has it.
  @Test(arguments: 1..<Schema.version) func aStoreOfEachVersionIsUpgraded(_ version: Int) async throws {
    try await withDatabase { database in
      let (id, uuid) = (ULID(high: 0x0190_0000_0000_0000, low: 1), "01900000-0000-0000-0000-000000000001")
      try await database.psql(
        "SET ROLE evento; "
          + (Schema.migrations[0] + [
            "INSERT INTO evento_schema (version) VALUES (1)",
            "INSERT INTO store (origin, position, commit_id, texts, kinds, lanes, aggregates) VALUES (5, 1, 7, 3, 1, 1, 1)",
            "INSERT INTO text VALUES (1, 'bank/Account'), (2, 'Opened'), (3, 'eu')",
            "INSERT INTO kind VALUES (1, 1, 2, false)", "INSERT INTO lane VALUES (1, 3, 1, false)",
            "INSERT INTO aggregate VALUES (1, 1, 'ada')",
            "INSERT INTO event VALUES (1, 7, 1, 1, 1700000000000, '\(uuid)', 1, 1, 1, 3, false, false, true, NULL, '{}')",
            "INSERT INTO snapshot VALUES ('bank/Account', '1', 'ada', 1, 7, true, '{}')",
            "BEGIN",
          ] + Schema.migrations[1..<version].joined() + [
            "COMMIT", "UPDATE evento_schema SET version = \(version)",
          ]).joined(separator: "; "))
      // A time limit that an upgrade exceeds, and no other statement.
      try await database.psql(
        """
        CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(2.5); RETURN NEW; END';
        CREATE TRIGGER wait BEFORE UPDATE ON event EXECUTE FUNCTION wait();
        ALTER DATABASE \(database.name) SET statement_timeout = '2s'
        """)
      let notices = Mutex<[StoreNotice]>([])
      var configuration = PostgreSQLConfiguration(url: database.url)
      configuration.notify = { notice in notices.withLock { $0.append(notice) } }
      try await withStore(configuration) { store in
        let found = notices.withLock { $0 }
        // And one of its progress, if it takes so long.
        #expect((2...3).contains(found.count) && found.allSatisfy { $0.level == .information })
        let name = #"the tables in the PostgreSQL schema "public""#
        #expect(
          found.first?.message.hasPrefix(
            "Upgrading \(name) from version \(version) to version \(Schema.version): 1 event, ")
            == true)
        #expect(found.last?.message.hasPrefix("Upgraded \(name) to version \(Schema.version) (") == true)
        for filter in [nil, [ReadAggregator("bank/Account", id: "ada")]] as [[ReadAggregator]?] {
          let page = try await store.read(filter, routingKey: .all, args: .forward(first: 2))
          #expect(page.edges.map(\.node.id) == [id] && page.edges.first?.node.aggregatorID == "ada")
        }
        let next = NewEvent(
          aggregatorType: "bank/Account", aggregatorID: "ada", version: 2, name: "Opened", routingKey: .value("eu"),
          data: Payload("{}"))
        #expect(try await store.write([next]).events.first?.version == 2)
        let key = SnapshotKey(type: "bank/Account", revision: "1", id: "ada")
        #expect(try await store.getSnapshot(key)?.data == Payload("{}"))
        let verification = try await ExecutorVerification(store).run()
        #expect(verification.findings == [] && verification.events == 2)
      }
      let indexes = "SELECT string_agg(indexdef, '; ' ORDER BY indexname) FROM pg_indexes WHERE schemaname = 'public'"
      let upgraded = try await database.psql(indexes)
      try await withDatabase { new in
        try await prepare(new.url)
        #expect(try await new.psql(indexes) == upgraded)
      }
    }
  }

  /// The database's own order puts "a" before "B".
  @Test func textsAreOrderedByTheirBytes() async throws {
    try await withDatabase { database in
      let url = database.url
      try await prepare(url)
      let columns = try await withConnection(url) { connection in
        let rows = try connection.run(
          .once(
            """
            SELECT attrelid::regclass::text || '.' || attname FROM pg_attribute JOIN pg_class ON attrelid = pg_class.oid
            WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND attcollation NOT IN (0, 950)
            """))
        return (0..<rows.rowCount).map { rows.text($0, 0) }
      }
      #expect(columns == [])
    }
  }
}
