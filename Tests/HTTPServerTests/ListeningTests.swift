import Testing

@testable import HTTPServer

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#elseif canImport(Darwin)
  internal import Darwin
#endif

@Suite struct ListeningTests {
  private func temporaryPath() -> String {
    "/tmp/http-server-\(UInt64.random(in: 0 ... .max)).sock"
  }

  @Test func saysWhereItListens() async throws {
    let path = temporaryPath()
    let server = try HTTPServer.start(
      on: [.tcp(host: "127.0.0.1", port: 0), .unix(path: path)], configuration: .patient, handler: TestHandler.standard)
    let port = try #require(server.addresses[0].port)
    #expect(port > 0)
    #expect(server.addresses.map(\.description) == ["http://127.0.0.1:\(port)", "unix:\(path)"])
    #expect(server.addresses[1].path == path)
    for address in server.addresses {
      let client = try RawClient(address)
      for _ in 0..<2 {
        try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try await client.response().text == "hello")
      }
      try await client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 500000\r\n\r\n")
      try await client.send([UInt8](repeating: 66, count: 500_000))
      #expect(try await client.response().body.count == 500_000)
    }
    await server.shutDown(grace: .seconds(600))
    #expect(access(path, F_OK) != 0)
  }

  @Test func replacesTheFileOfASocketWithoutAListener() async throws {
    let path = temporaryPath()
    let address = try SocketAddress(unixPath: path)
    let left = socket(AF_UNIX, SocketType.stream, 0)
    #expect(address.withPointer { bind(left, $0, $1) } == 0)
    _ = close(left)
    #expect(access(path, F_OK) == 0)
    let server = try HTTPServer.start(on: [.unix(path: path)], configuration: .patient, handler: TestHandler.standard)
    // And leaves alone one that somebody does listen on, or that is no socket.
    #expect(throws: SystemError("listen on the Unix socket \(path)", EADDRINUSE, on: .unixSocket(path: path))) {
      try HTTPServer.start(on: [.unix(path: path)], configuration: .patient, handler: TestHandler.standard)
    }
    let client = try RawClient(server.addresses[0])
    try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    #expect(try await client.response().status == 200)
    await server.shutDown(grace: .seconds(600))

    _ = close(open(path, O_CREAT | O_WRONLY, 0o600))
    #expect(throws: SystemError("listen on the Unix socket \(path)", EEXIST, on: .unixSocket(path: path))) {
      try HTTPServer.start(on: [.unix(path: path)], configuration: .patient, handler: TestHandler.standard)
    }
    #expect(access(path, F_OK) == 0)
    unlink(path)
  }

  /// A server that stops leaves the socket alone that another process has made at its path since.
  @Test func removesNoFileButItsOwn() async throws {
    let path = temporaryPath()
    let first = try HTTPServer.start(on: [.unix(path: path)], configuration: .patient, handler: TestHandler.standard)
    unlink(path)
    let second = try HTTPServer.start(on: [.unix(path: path)], configuration: .patient, handler: TestHandler.standard)
    await first.shutDown(grace: .seconds(600))
    #expect(access(path, F_OK) == 0)
    let client = try RawClient(second.addresses[0])
    try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    #expect(try await client.response().status == 200)
    await second.shutDown(grace: .seconds(600))
    #expect(access(path, F_OK) != 0)
  }

  /// Whatever the umask: group and others may not write to a file that is made with the usual one.
  @Test(arguments: [0o600, 0o660, 0o666] as [UInt16])
  func setsWhoMayConnect(_ permissions: UInt16) async throws {
    let path = temporaryPath()
    let server = try HTTPServer.start(
      on: [.unix(path: path, permissions: permissions)], configuration: .patient, handler: TestHandler.standard)
    var status = stat()
    #expect(lstat(path, &status) == 0)
    #expect(status.st_mode & 0o777 == mode_t(permissions))
    let client = try RawClient(server.addresses[0])
    try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    #expect(try await client.response().status == 200)
    await server.shutDown(grace: .seconds(600))
  }

  #if os(Linux)
    /// Not for a moment, not even before it listens.
    @Test(arguments: [0, 0o600, 0o640] as [UInt16])
    func makesItsFileNoMoreOpenThanItIsToBe(_ permissions: UInt16) throws {
      let path = temporaryPath()
      let descriptor = Descriptor(socket(AF_UNIX, SocketType.stream, 0))
      try UnixSocketFile.limitPermissions(permissions, of: descriptor)
      let address = try SocketAddress(unixPath: path)
      #expect(address.withPointer { bind(descriptor.number, $0, $1) } == 0)
      var status = stat()
      #expect(lstat(path, &status) == 0 && status.st_mode & 0o777 & ~mode_t(permissions) == 0)
      unlink(path)
    }
  #endif

  /// Who may write to the socket's folder could make it one to another file.
  @Test func changesNothingThroughALinkInsteadOfItsFile() throws {
    let (path, other) = (temporaryPath(), temporaryPath())
    _ = close(open(other, O_CREAT | O_WRONLY, 0o600))
    defer { unlink(other) }
    #expect(symlink(other, path) == 0)
    #expect(throws: SystemError.self) { try UnixSocketFile.setPermissions(0o666, of: path) }
    var status = stat()
    #expect(stat(other, &status) == 0 && status.st_mode & 0o777 == 0o600)
  }

  @Test func saysWhyItCannotListen() async throws {
    let server = try HTTPServer.start(
      on: [.tcp(host: "127.0.0.1", port: 0)], configuration: .patient, handler: TestHandler.standard)
    let port = try #require(server.addresses[0].port)
    let error = #expect(throws: SystemError.self) {
      try HTTPServer.start(
        on: [.tcp(host: "127.0.0.1", port: port)], configuration: .patient, handler: TestHandler.standard)
    }
    #expect(error?.description == "listen on 127.0.0.1 port \(port): Address already in use")
    await server.shutDown(grace: .zero)
    let unknown = #expect(throws: SystemError.self) {
      try HTTPServer.start(
        on: [.tcp(host: "no.such.host.invalid", port: 0)], configuration: .patient, handler: TestHandler.standard)
    }
    #expect(unknown?.description.contains("no.such.host.invalid") == true)
    #expect(throws: SystemError.self) {
      try HTTPServer.start(
        on: [.unix(path: "/tmp/" + String(repeating: "x", count: 200))], configuration: .patient,
        handler: TestHandler.standard)
    }
  }

  @Test func boundsConnections() async throws {
    var configuration = ServerConfiguration.patient
    configuration.connections = 2
    try await withServer(configuration: configuration) { server, address in
      let clients = [try RawClient(address), try RawClient(address)]
      for client in clients {
        try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try await client.response().status == 200)
      }
      let third = try RawClient(address)
      let refusal = try await third.response()
      #expect(refusal.status == 503)
      #expect(refusal.text.contains("(limit 2)"))
      #expect(try await third.remainder() == [])
      third.close()
      #expect(server.statistics.refusedConnections == 1)
      // The others go on, and there is room again once one has closed.
      try await clients[0].send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
      #expect(try await clients[0].response().status == 200)
      clients[0].close()
      try await eventually { server.statistics.openConnections <= 1 }
      let fourth = try RawClient(address)
      try await fourth.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
      #expect(try await fourth.response().status == 200)
    }
  }

  @Test func boundsConnectionsOfOnePeer() async throws {
    var configuration = ServerConfiguration.patient
    configuration.connectionsPerPeer = 1
    try await withServer(configuration: configuration) { server, address in
      let first = try RawClient(address)
      try await first.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
      #expect(try await first.response().status == 200)
      let second = try RawClient(address)
      #expect(try await second.response().text.contains("from this address (limit 1)"))
      first.close()
      second.close()
      try await eventually { server.statistics.openConnections == 0 }
      let third = try RawClient(address)
      try await third.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
      #expect(try await third.response().status == 200)
    }
  }

  @Test func raisesTheLimitOfDescriptorsAndNeverLowersIt() {
    let before = DescriptorLimit.raise(to: 0)
    #expect(before > 0)
    #expect(DescriptorLimit.raise(to: before - 1) == before)
    let raised = DescriptorLimit.raise(to: before + 1)
    #expect(raised == before || raised == before + 1)
    #expect(DescriptorLimit.raise(to: 0) == raised)
  }
}
