import Foundation
import TestSupport

/// An open stream.
struct OpenStream {
  let status: Int
  let response: HTTPResponse
  private var responses: HTTPResponseReader
  private(set) var text: String

  init(
    _ client: HTTPClient, _ target: String, _ body: String? = nil, fields: [(name: String, value: String)] = [],
    until isEnough: (String) -> Bool
  ) async throws {
    let connection = try RawConnection(port: client.port)
    try await connection.send(
      client.message(body == nil ? "GET" : "POST", target, body.map { Array($0.utf8) }, fields))
    responses = HTTPResponseReader(connection)
    response = try await responses.beginning(until: isEnough)
    status = response.status
    text = response.text
  }

  /// Reads on until all that has come so far is enough; to the end of the body where it never is.
  mutating func read(until isEnough: (String) -> Bool = { _ in false }) async throws {
    let known = text
    if !isEnough(known) {
      text += String(decoding: try await responses.more { isEnough(known + $0) }, as: UTF8.self)
    }
  }

  /// The `n` of each event's payload.
  var numbers: [Int] {
    text.matches(of: /"data":\{"n":([0-9]+)\}/).compactMap { Int($0.output.1) }
  }

  /// The cursors of all lines `id:`.
  var ids: [String] {
    text.matches(of: /(?m)^id: ([A-Za-z0-9_-]+)$/).map { String($0.output.1) }
  }

  /// The place of the latest whole heartbeat of Server-Sent Events, and the `n` of the events before it.
  var heartbeat: (cursor: String, numbers: [Int])? {
    let blocks = text.components(separatedBy: "\n\n").dropLast()
    guard let last = blocks.lastIndex(where: { $0.hasPrefix(": heartbeat\nid: ") }) else { return nil }
    let before = blocks[..<last].joined()
    return (
      String(blocks[last].dropFirst(": heartbeat\nid: ".count)),
      before.matches(of: /"data":\{"n":([0-9]+)\}/).compactMap { Int($0.output.1) }
    )
  }

  /// How many whole heartbeats have come.
  var heartbeats: Int { Self.heartbeats(text) }

  static func heartbeats(_ text: String) -> Int {
    text.matches(of: /: heartbeat\nid: [A-Za-z0-9_-]+\n\n/).count
  }
}
