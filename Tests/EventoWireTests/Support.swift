import Evento
import Testing

@testable import EventoWire

/// The error that a piece of work ends with.
func failure(_ body: () throws(EventoError) -> Void) -> EventoError? {
  do throws(EventoError) {
    try body()
    return nil
  } catch {
    return error
  }
}

/// The locations of the field errors of an error, in order.
func locations(_ error: EventoError?) -> [String] {
  guard case .fieldErrors(let errors) = error?.facts else { return [] }
  return errors.map { error in
    switch error.location {
    case .pointer(let pointer): pointer
    case .parameter(let name): name
    }
  }
}

func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

/// An event's text with members added or replaced.
func eventJSON(_ members: [String: String] = [:], without: Set<String> = []) -> String {
  var all = ["aggregator_type": "\"t\"", "aggregator_id": "\"i\"", "name": "\"n\""]
  all.merge(members) { $1 }
  return "{"
    + all.filter { !without.contains($0.key) }.sorted { $0.key < $1.key }.map { "\"\($0)\":\($1)" }
    .joined(separator: ",") + "}"
}

func write(_ events: String...) throws(EventoError) -> WriteRequest {
  try WriteRequest(json: bytes("{\"events\":[\(events.joined(separator: ","))]}"), limits: WireLimits())
}

extension ReadResponse {
  /// Writes a page, as the gateway does.
  static func json(_ page: ReadResult<Event>, _ encoding: PayloadEncoding) -> [UInt8] {
    var output = PageOutput(.forward(), encoding, limit: .max)
    let info = page.forEachEvent(.forward()) { output.add($0) }
    return output.finish(info)
  }

  static func json(_ edge: Edge<Event>, _ encoding: PayloadEncoding) -> [UInt8] {
    edge.withView { json($0, encoding) }
  }
}
