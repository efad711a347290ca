internal import Foundation

@testable internal import ByteCoding
@testable internal import Evento
@testable internal import EventoWire
@testable internal import HTTPServer

/// Text as the query and as the path of a target.
///
/// Escapes mean what they mean to Foundation; what is read is, each byte of it escaped, read as the same; a query
/// says the same in any order; and what a path's names are is what a client put into it.
func fuzz(_ bytes: [UInt8]) {
  let text = String(decoding: bytes, as: UTF8.self)
  checkEscapes(text)
  checkPairs(text)
  if let pairs = try? QueryString.pairs(text) { checkRequests(pairs) }
  checkPath(text)
  checkNames(text)
}

/// RFC 3986 §2.1.
private func checkEscapes(_ text: String) {
  let decoded = try? PercentEncoding.decode(text)
  expectExactly(decoded, text.withoutEscapes, "without escapes")
  // Foundation mends what is not UTF-8.
  if decoded != nil { expectExactly(decoded, text.removingPercentEncoding, "without escapes, as Foundation has it") }
  expectExactly(try? PercentEncoding.decode(text.escaped), text, "each byte escaped, and read again")
  if !text.utf8.contains(UInt8(ascii: "%")) { expectExactly(decoded, text, "there are no escapes") }
}

/// A query as HTML forms have it: split first, then decoded, once.
private func checkPairs(_ text: String) {
  let expected = text.pieces("&").map { part in
    let halves = part.pieces("=")
    return [halves[0], halves.dropFirst().joined(separator: "=")].map { half in
      half.pieces("+").joined(separator: " ").withoutEscapes
    }
  }
  guard let pairs = try? QueryString.pairs(text) else {
    return expect(expected.contains { $0.contains(nil) || $0[0] == "" }, "not taken, with nothing wrong")
  }
  guard !text.isEmpty else { return expect(pairs.isEmpty, "no bytes, and \(pairs)") }
  expectEqual(pairs.count, expected.count, "how many pairs there are")
  for (pair, halves) in zip(pairs, expected) {
    expect(!pair.name.isEmpty, "a pair without a name")
    expectExactly(pair.name, halves[0], "a name")
    expectExactly(pair.value, halves[1], "a value")
  }
  let written = pairs.map { "\($0.name.escaped)=\($0.value.escaped)" }.joined(separator: "&")
  let again = (try? QueryString.pairs(written)) ?? []
  expect(again.elementsEqual(pairs) { $0.name.isExactly($1.name) && $0.value.isExactly($1.value) }, "\(again)")
}

/// The pairs as the parameters of a read and of a stream.
private func checkRequests(_ pairs: [(name: String, value: String)]) {
  func check(_ what: String, _ read: (inout ParameterReader) throws(EventoError) -> [UInt8]) -> [UInt8]? {
    func body(_ pairs: [(name: String, value: String)]) throws(EventoError) -> [UInt8] {
      var parameters = ParameterReader(pairs)
      return try read(&parameters)
    }
    do throws(EventoError) {
      let json = try body(pairs)
      let names = Set(pairs.map { Name(checked: $0.name) })
      expect(names.count == pairs.count, "\(what): a parameter twice")
      expect(pairs.allSatisfy { !$0.value.isEmpty || $0.name == "routing_key" }, "\(what): an empty value")
      expectEqual(try? body(pairs.reversed()), json, "\(what), in the other order")
      return json
    } catch {
      expect(error.code == .invalidRequest || error.code == .invalidCursor, "\(what): \(error)")
      if case .fieldErrors(let errors) = error.facts { expect(1...20 ~= errors.count, "\(what): \(error)") }
      expectEqual(Problem.error(json: Problem.json(error)), error, "\(what): a problem, written and read again")
      expect((try? body(pairs.reversed())) == nil, "\(what): taken in the other order")
      return nil
    }
  }

  let read = check("a read") { (parameters) throws(EventoError) in try ReadRequest(&parameters).json }
  if let read { expectEqual(try? ReadRequest(json: read).json, read, "a read, as a body") }
  let follow = check("a stream") { (parameters) throws(EventoError) in
    try FollowRequest(&parameters, lastEventID: nil).json
  }
  if let follow { expectEqual(try? FollowRequest(json: follow, lastEventID: nil).json, follow, "a stream, as a body") }
}
