@testable internal import HTTPServer

/// The bytes of a connection, to the request parser.
///
/// However the bytes are cut, the requests, their bodies and the error are the same; what is taken keeps the rules that
/// everything behind the parser counts on; and a request that is written anew from what was read of it is read as the
/// same.
func fuzz(_ bytes: [UInt8]) {
  let whole = Reading(of: [bytes[...]], keepsConsumed: true)
  whole.checkRules()

  var generator = InputGenerator(bytes)
  expectEqual(Reading(of: bytes.indices.map { bytes[$0...$0] }, keepsConsumed: false), whole, "byte by byte")
  for longest in [3, 40, bytes.count] {
    let pieces = bytes.pieces(upTo: longest, &generator)
    let keepsConsumed = Bool.random(using: &generator)
    expectEqual(Reading(of: pieces, keepsConsumed: keepsConsumed), whole, "in pieces of \(pieces.map(\.count))")
  }

  for request in whole.requests where request.isComplete {
    let written = request.written
    let again = Reading(of: [written[...]], keepsConsumed: true, limits: wideLimits)
    expectEqual(again.requests, [request], "written as \(String(decoding: written, as: UTF8.self))")
    expectEqual(again.error, nil, "written as \(String(decoding: written, as: UTF8.self))")
    expectEqual(again.consumed, written.count, "written as \(String(decoding: written, as: UTF8.self))")
  }
}

/// Small, so that short inputs come to each of them.
let limits = ParserLimits(requestLineBytes: 96, headerBytes: 160, headerFields: 6, chunkExtensionBytes: 12)

/// A request that is written anew may be longer than it was: bytes that are not UTF-8 are given as text, and `Host` and
/// target may be joined.
private let wideLimits = ParserLimits(requestLineBytes: 300, headerBytes: 400, headerFields: 6, chunkExtensionBytes: 12)

extension [UInt8] {
  fileprivate func pieces(upTo longest: Int, _ generator: inout InputGenerator) -> [ArraySlice<UInt8>] {
    var pieces: [ArraySlice<UInt8>] = []
    var start = 0
    while start < count {
      let end = Swift.min(count, start + Int.random(in: 1...Swift.max(1, longest), using: &generator))
      pieces.append(self[start..<end])
      start = end
    }
    return pieces
  }
}
