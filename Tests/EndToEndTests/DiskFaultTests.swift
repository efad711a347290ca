import Foundation
import TestSupport
import Testing

/// A disk that fails under a gateway.
@Suite(.timeLimit(.minutes(2))) struct DiskFaultTests {
  private static func event(_ id: String, bytes: Int = 10) -> String {
    let data = String(repeating: "x", count: bytes)
    return #"{"events":[{"aggregator_type":"t","aggregator_id":"\#(id)","name":"n","data":"\#(data)"}]}"#
  }

  /// SQLite reports a page that the disk did not deliver as damage: https://sqlite.org/rescode.html#ioerr_corruptfs
  @Test func aReadThatFailsOncePassesByItself() async throws {
    try await withTemporaryFolder { folder in
      let database = folder + "/e.sqlite"
      let first = try await GatewayProcess(["--port", "0", "--database", database])
      for start in 0..<5 {
        let events = (0..<1000).map { number in
          #"{"aggregator_type":"t","aggregator_id":"\#(start)-\#(number * 7919 % 1000)","name":"n\#(number % 9)"}"#
        }
        let body = "{\"events\":[" + events.joined(separator: ",") + "]}"
        #expect(try await first.client.send("POST", "/events", body).status == 201)
      }
      first.send(SIGTERM)
      #expect(await first.outcome().status == 0)

      var failures = 0
      for number in 1...6 {
        let gateway = try await GatewayProcess(["--port", "0", "--database", database])
        let client = try gateway.client
        let fault = try await DiskFault("pread64:error=EIO:when=\(number)", on: database, of: gateway.processID)
        let status = try await client.send("POST", "/events", Self.event("3-\(number)")).status
        #expect(status == 201 || status == 503, "\(status) at read \(number)")
        if status == 503 { failures += 1 }
        await fault.end()
        #expect(try await client.send("GET", "/readyz").status == 200)
        #expect(try await client.send("POST", "/events", Self.event("4-\(number)")).status == 201)
        gateway.send(SIGTERM)
        #expect(await gateway.outcome().status == 0)
      }
      #expect(failures > 0, "no read failed")
    }
  }

  /// SQLite keeps the system's last error with an open file. Damage that is found later must not count as that error.
  @Test func damageIsToldFromAReadThatFailedEarlier() async throws {
    try await withTemporaryFolder { folder in
      let database = folder + "/e.sqlite"
      let first = try await GatewayProcess(["--port", "0", "--database", database])
      for number in 0..<8 {
        #expect(try await first.client.send("POST", "/events", Self.event("\(number)", bytes: 1 << 20)).status == 201)
      }
      first.send(SIGTERM)
      #expect(await first.outcome().status == 0)

      let gateway = try await GatewayProcess(["--port", "0", "--database", database])
      let client = try gateway.client
      let read = "/events?first=1000"
      // A page of a payload. Later reads do not fail: the one past the end is among them.
      let fault = try await DiskFault("pread64:error=EIO:when=40", on: database, of: gateway.processID)
      #expect(try await client.send("GET", read).status == 503)
      await fault.end()
      #expect(try await client.send("GET", read).status == 200)

      let file = try #require(FileHandle(forWritingAtPath: database))
      try file.seek(toOffset: 16384)
      try file.write(contentsOf: Data(repeating: 0xA5, count: 8 << 20))
      try file.close()
      #expect(try await client.send("GET", read).status == 500)
      gateway.send(SIGTERM)
      #expect(await gateway.outcome().errors.contains("database disk image is malformed"))
    }
  }

  /// Commits go to the write-ahead log alone, which grows for as long as the database file can't be written.
  @Test func aLogThatCannotBeMovedIsReported() async throws {
    try await withTemporaryFolder { folder in
      let database = folder + "/e.sqlite"
      let gateway = try await GatewayProcess(["--port", "0", "--database", database])
      let client = try gateway.client
      let fault = try await DiskFault("pwrite64:error=EIO", on: database, of: gateway.processID)
      for number in 0..<4 {
        #expect(try await client.send("POST", "/events", Self.event("\(number)", bytes: 6 << 20)).status == 201)
      }
      try await gateway.waitForLog("The write-ahead log can't be moved into the database file")
      let metrics = try await client.send("GET", "/metrics").text
      let failures = try #require(metrics.firstMatch(of: /evento_checkpoint_failures_total ([0-9]+)/))
      #expect(Int(failures.1) ?? 0 > 0)
      let bytes = try #require(metrics.firstMatch(of: /evento_write_ahead_log_bytes ([0-9]+)/))
      #expect(Int(bytes.1) ?? 0 > 24 << 20)
      gateway.send(SIGTERM)
      let outcome = await gateway.outcome()
      await fault.end()
      #expect(outcome.errors.contains("bytes of events that are not in the database file"), "\(outcome.errors)")

      // Nothing is lost.
      let next = try await GatewayProcess(["--port", "0", "--database", database])
      #expect(next.announcement.hasSuffix(", 4 events"))
      next.send(SIGTERM)
      #expect(await next.outcome().status == 0)
    }
  }

  /// The system's error is named, and what to do; to try again is no help.
  @Test(arguments: [
    ("pwrite64:error=EDQUOT", "Disk quota exceeded", "raise the disk quota"),
    ("pwrite64:error=EROFS", "Read-only file system", "Mount its file system for writing"),
    ("pwrite64:error=EIO", "Input/output error", "Check its disk"),
    ("fdatasync:error=ENOSPC", "No space left on device", "Free some space"),
  ])
  func aWriteThatFailsNamesTheReason(_ injection: String, _ reason: String, _ advice: String) async throws {
    try await withTemporaryFolder { folder in
      let database = folder + "/e.sqlite"
      let gateway = try await GatewayProcess(["--port", "0", "--database", database])
      let client = try gateway.client
      #expect(try await client.send("POST", "/events", Self.event("a")).status == 201)
      let fault = try await DiskFault(injection, on: database + "-wal", of: gateway.processID)
      let response = try await client.send("POST", "/events", Self.event("b"))
      #expect(response.status == 503)
      #expect(response.text.contains("(\(reason)). ") && response.text.contains(advice), "\(response.text)")
      #expect(!response.text.contains("in a moment"))
      #expect(try await client.send("GET", "/readyz").status == 503)
      await fault.end()
      try await Self.waitUntilReady(client)
      #expect(try await client.send("POST", "/events", Self.event("b")).status == 201)
      gateway.send(SIGTERM)
      #expect(await gateway.outcome().errors.contains(reason))
    }
  }

  /// A commit whose sync failed is complete in the log. A gateway that is killed before its next commit leaves it there, and
  /// the next start finds it.
  @Test func aWriteWhoseSyncFailedMayHaveBeenStored() async throws {
    try await withTemporaryFolder { folder in
      let database = folder + "/e.sqlite"
      let body = { (id: String) in
        #"{"events":[{"id":"\#(id)","aggregator_type":"t","aggregator_id":"a","name":"n"}]}"#
      }
      let gateway = try await GatewayProcess(["--port", "0", "--database", database])
      let client = try gateway.client
      #expect(try await client.send("POST", "/events", body("01JD0000000000000000000001")).status == 201)
      let fault = try await DiskFault("fdatasync:error=EIO", on: database + "-wal", of: gateway.processID)
      let response = try await client.send("POST", "/events", body("01JD0000000000000000000002"))
      #expect(response.status == 503)
      #expect(response.text.contains("This write may have been stored. Retry it with the same ids"), "\(response.text)")
      gateway.send(SIGKILL)
      #expect(await gateway.outcome().isKilled)
      await fault.end()

      let next = try await GatewayProcess(["--port", "0", "--database", database])
      #expect(try await next.client.send("GET", "/events/01JD0000000000000000000002").status == 200)
      #expect(try await next.client.send("POST", "/events", body("01JD0000000000000000000002")).status == 200)
      next.send(SIGTERM)
      #expect(await next.outcome().status == 0)
    }
  }

  /// `statvfs` tells neither of a quota nor of a limit on the size of files: a probe that writes one page has room where a
  /// write does not.
  @Test func itIsNotReadyUntilThereIsRoomForAWriteLikeTheOneThatFailed() async throws {
    try await withTemporaryFolder { folder in
      // In blocks of 512 bytes.
      let gateway = try await GatewayProcess(
        ["--port", "0", "--database", folder + "/e.sqlite"], shell: "ulimit -S -f 1200; exec")
      let client = try gateway.client
      var response = try await client.send("POST", "/events", Self.event("0", bytes: 100_000))
      for number in 1..<10 where response.status == 201 {
        response = try await client.send("POST", "/events", Self.event("\(number)", bytes: 100_000))
      }
      #expect(response.status == 503)
      #expect(response.text.contains("File too large") && response.text.contains("ulimit -f"), "\(response.text)")
      // Past the second for which the failure itself counts.
      let deadline = ContinuousClock.now + .milliseconds(2500)
      while ContinuousClock.now < deadline {
        #expect(try await client.send("GET", "/readyz").status == 503)
        // A small one may fit, and says nothing of a large one.
        _ = try await client.send("PUT", "/subscribers/s", #"{"worker_id":"01JD000000000000000000000W"}"#)
      }
      try Self.run("/usr/bin/prlimit", "--pid", "\(gateway.processID)", "--fsize=unlimited")
      try await Self.waitUntilReady(client)
      #expect(try await client.send("POST", "/events", Self.event("b", bytes: 100_000)).status == 201)
      gateway.send(SIGTERM)
      #expect(await gateway.outcome().status == 0)
    }
  }

  /// A start says which file it is, and why.
  @Test(arguments: [
    ("openat:error=EMFILE", "", "Too many open files). Raise the limit on open files (ulimit -n)."),
    ("fcntl:error=ENOLCK", "", "can't be locked (database is locked: No locks available). Put it on a local disk"),
    ("pwrite64:error=EDQUOT", "", "(disk I/O error: Disk quota exceeded). Free some space, or raise the disk quota."),
    ("fdatasync,fsync:error=ENOSPC", "", "(disk I/O error: No space left on device). Free some space"),
    ("openat:error=EROFS", "-wal", "Mount its file system for writing."),
  ])
  func aStartThatFailsNamesTheFileAndTheReason(_ injection: String, _ suffix: String, _ text: String) async throws {
    try await withTemporaryFolder { folder in
      let database = folder + "/e.sqlite"
      let call = injection.prefix { $0 != ":" }
      let outcome = try await GatewayProcess.run(
        ["serve", "--port", "0", "--database", database],
        shell: "exec strace -f -qq -o /dev/null -P '\(database)\(suffix)' -e trace=\(call) -e inject=\(injection)")
      #expect(outcome.status == 1)
      #expect(outcome.errors.contains("Error: \(database) can't be "), "\(outcome.errors)")
      #expect(outcome.errors.contains(text), "\(outcome.errors)")
    }
  }

  /// The count of events in the first line is read by another connection than the one that opens the store.
  @Test func aStartThatCannotCountNamesTheFile() async throws {
    try await withTemporaryFolder { folder in
      let database = folder + "/e.sqlite"
      let outcome = try await GatewayProcess.run(
        ["serve", "--port", "0", "--database", database],
        shell: "exec strace -f -qq -o /dev/null -P '\(database)-wal' -e trace=pread64 -e inject=pread64:error=EIO")
      #expect(outcome.status == 1)
      #expect(outcome.errors.contains("Error: \(database) can't be read or written ("), "\(outcome.errors)")
      #expect(!outcome.errors.contains("in a moment"))
    }
  }

  private static func waitUntilReady(_ client: HTTPClient) async throws {
    let deadline = ContinuousClock.now + .seconds(10)
    while try await client.send("GET", "/readyz").status != 200 {
      try #require(ContinuousClock.now < deadline, "it is not ready again")
    }
  }

  private static func run(_ program: String, _ arguments: String...) throws {
    let process = Process()
    process.executableURL = URL(filePath: program)
    process.arguments = arguments
    try process.run()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
  }

  @Test func aDatabaseThatIsRemovedStopsWritesAndProbes() async throws {
    try await withTemporaryFolder { folder in
      let database = folder + "/e.sqlite"
      let gateway = try await GatewayProcess(["--port", "0", "--database", database])
      let client = try gateway.client
      #expect(try await client.send("POST", "/events", Self.event("a")).status == 201)
      try FileManager.default.removeItem(atPath: database)
      let refused = try await client.send("POST", "/events", Self.event("b"))
      #expect(refused.status == 503 && refused.text.contains("was removed or replaced"))
      let readiness = try await client.send("GET", "/readyz")
      #expect(readiness.status == 503 && readiness.text.contains("was removed or replaced"))
      // Where the file is, is for the log alone.
      #expect(!refused.text.contains(folder) && !readiness.text.contains(folder))
      try await gateway.waitForLog("cause=\(database) ")
      gateway.send(SIGTERM)
      #expect(await gateway.outcome().status == 0)
    }
  }
}
