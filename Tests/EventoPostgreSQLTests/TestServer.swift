import Foundation
import Synchronization
import Testing

@testable import EventoPostgreSQL

/// A PostgreSQL server on loopback that the tests of this process share. It ends with this process, however that ends.
final class TestServer: Sendable {
  let port: UInt16
  private let process: Process
  /// The server ends when this does.
  private let input: FileHandle

  static var shared: TestServer {
    get async throws { try await start.value }
  }

  private static let start = Task.detached { try await onThread { try TestServer() } }

  /// Blocks until the server answers.
  private init() throws {
    port = try unusedPort()
    let (input, output) = (Pipe(), Pipe())
    process = Process()
    process.executableURL = URL(filePath: "/bin/sh")
    process.arguments = ["-c", Self.script, "sh", "\(port)"]
    process.standardInput = input
    process.standardOutput = output
    try process.run()
    self.input = input.fileHandleForWriting
    let line = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
    try #require(line == "ready\n", "PostgreSQL did not start: is the package postgresql installed?")
  }

  /// PostgreSQL does not run as root. The server's order of texts is not that of bytes, as on many production servers.
  private static let script = #"""
    set -eu
    PATH="$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -n 1):$PATH"
    folder=$(mktemp -d /tmp/evento-tests-XXXXXX)
    as=""
    if [ "$(id -u)" -eq 0 ]; then
      chown postgres "$folder"
      # Becomes the server, so that a signal reaches it.
      as="setpriv --reuid=postgres --regid=postgres --clear-groups --"
    fi
    cd "$folder"
    $as initdb --no-sync --username=postgres --auth=trust --encoding=UTF8 --locale=C.UTF-8 --locale-provider=icu \
      --icu-locale=en-US -D "$folder/data" >initdb.log
    {
      echo "host all with_password 127.0.0.1/32 scram-sha-256"
      echo "hostssl all with_tls 127.0.0.1/32 trust"
      echo "host all with_tls 127.0.0.1/32 reject"
      echo "host all all 127.0.0.1/32 trust"
    } >data/pg_hba.conf
    $as postgres -D "$folder/data" -p "$1" -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off \
      -c lc_messages=C >log 2>&1 </dev/null &
    pid=$!
    until pg_isready -q -h 127.0.0.1 -p "$1"; do kill -0 "$pid"; sleep 0.05; done
    echo ready
    cat >/dev/null
    kill -INT "$pid" || true
    wait "$pid" || true
    cd /
    rm -rf "$folder"
    """#

  func url(user: String = "postgres", database: String = "postgres", _ parameters: String = "") -> String {
    "postgresql://\(user)@127.0.0.1:\(port)/\(database)\(parameters.isEmpty ? "" : "?\(parameters)")"
  }

  /// Runs statements as the superuser.
  func run(_ statements: String..., database: String = "postgres") async throws {
    let url = url(database: database)
    try await onThread {
      let connection = try Connection(try ConnectionSettings(url))
      for statement in statements { try connection.run(.once(statement)) }
    }
  }

  /// Returns the name of a new database that is the test's own.
  func makeDatabase(_ options: String = "") async throws -> String {
    let name = "test_\(Self.databases.add(1, ordering: .relaxed).newValue)"
    try await run("CREATE DATABASE \(name) \(options)")
    return name
  }

  private static let databases = Atomic(0)
}

/// Runs `body`, which blocks, on a thread that may block.
func onThread<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
  try await withCheckedThrowingContinuation { continuation in
    DispatchQueue.global().async { continuation.resume(with: Result(catching: body)) }
  }
}

/// Runs `body` with a connection of its own.
func withConnection<Value: Sendable>(
  _ url: String? = nil, for access: Connection.Access = .writing, schema: String? = nil,
  _ body: @escaping @Sendable (Connection) throws -> Value
) async throws -> Value {
  let serverURL = try await TestServer.shared.url()
  return try await onThread {
    try body(try Connection(try ConnectionSettings(url ?? serverURL, schema: schema), for: access))
  }
}

/// Returns the failure of `body`.
func failure(_ body: () throws -> Void) throws -> PostgreSQLFailure {
  try #require(throws: PostgreSQLFailure.self, performing: body)
}

/// Returns a port on which nothing listens.
func unusedPort() throws -> UInt16 {
  try ListeningSocket().port
}

/// A socket that accepts connections, but never answers.
final class ListeningSocket {
  let port: UInt16
  private let descriptor: Int32

  init() throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let descriptor = descriptor
    let result = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, length) == 0 && listen(descriptor, 8) == 0 && getsockname(descriptor, $0, &length) == 0
      }
    }
    try #require(result)
    port = UInt16(bigEndian: address.sin_port)
  }

  deinit {
    close(descriptor)
  }
}
