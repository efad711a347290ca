import Foundation
import TestSupport
import Testing

/// Two gateways on one database file. SQLite tells a process nothing of another's commits: it has to look.
@Suite(.timeLimit(.minutes(1))) struct TwoProcessesTests {
  @Test(arguments: ["text/event-stream", "application/x-ndjson"])
  func whoFollowsOneGetsWhatCommitsThroughTheOther(_ format: String) async throws {
    let count = 200
    try await withTemporaryFolder { folder in
      let arguments = ["--port", "0", "--database", folder + "/events.sqlite"]
      let (reading, writing) = (try await GatewayProcess(arguments), try await GatewayProcess(arguments))
      let (reader, writer) = (try reading.client, try writing.client)
      let connection = try RawConnection(port: reader.port)
      try await connection.send(reader.message("GET", "/events/stream", nil, [(name: "Accept", value: format)]))
      var responses = HTTPResponseReader(connection)
      // The log is empty, and it is followed from here on.
      let beginning = try await responses.beginning { $0.contains("heartbeat") }
      #expect(beginning.status == 200 && Self.numbers(beginning.text) == [])
      let opened = responses
      async let followed = Self.read(opened) { Self.numbers($0).count >= count }
      for number in 1...count { try await Self.write(number, to: writer) }
      let (text, rest) = try await followed
      #expect(Self.numbers(text) == Array(1...count))
      // What would come twice comes before the end: the gateway completes its streams when it stops.
      reading.send(SIGTERM)
      #expect(Self.numbers(try await Self.read(rest) { _ in false }.text) == [])
      writing.send(SIGTERM)
      for process in [reading, writing] { #expect(await process.outcome().status == 0) }
    }
  }

  private static func write(_ number: Int, to gateway: HTTPClient) async throws {
    let event = #"{"aggregator_type":"bank/Account","aggregator_id":"a","name":"Opened","data":{"n":\#(number)}}"#
    let response = try await gateway.send("POST", "/events", #"{"events":[\#(event)]}"#)
    try #require(response.status == 201, "\(response.text)")
  }

  /// More of a stream, until that is enough or the stream ends.
  private static func read(
    _ responses: HTTPResponseReader, until isEnough: @Sendable (String) -> Bool
  ) async throws -> (text: String, rest: HTTPResponseReader) {
    var responses = responses
    let bytes = try await responses.more(until: isEnough)
    return (String(decoding: bytes, as: UTF8.self), responses)
  }

  /// The `n` of each event's payload.
  private static func numbers(_ text: String) -> [Int] {
    text.matches(of: /"data":\{"n":([0-9]+)\}/).compactMap { Int($0.output.1) }
  }
}
