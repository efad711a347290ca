@testable internal import ByteCoding
@testable internal import Evento
@testable internal import EventoWire

/// Small, so that short inputs come to each of them.
private let limits: WireLimits = {
  var limits = WireLimits()
  (limits.payloadBytes, limits.metadataBytes, limits.eventsPerWrite) = (150, 40, 3)
  return limits
}()

/// The bytes as each of the bodies that a gateway or a client reads.
func checkBodies(_ bytes: [UInt8]) {
  // A byte order mark before it is ignored.
  let text = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(bytes.dropFirst(3)) : bytes
  let isJSON = Grammar.isJSON(text)
  let tree = try? JSONTree(text: text, maximumDepth: JSONTree.maximumBodyDepth)

  func check<Value>(
    _ what: String, _ decode: ([UInt8]) throws(EventoError) -> Value, _ encode: (Value) -> [UInt8],
    _ checkRules: (Value, JSONTree) -> Void = { _, _ in }
  ) {
    do throws(EventoError) {
      let value = try decode(bytes)
      guard isJSON, let tree else { return expect(false, "\(what): \(value) of what is not JSON") }
      checkRules(value, tree)
      let written = encode(value)
      expectEqual((try? decode(written)).map(encode), written, "\(what), written and read again")
    } catch {
      checkError(error, what, isJSON)
    }
  }

  check("a write", { (json) throws(EventoError) in try WriteRequest(json: json, limits: limits) }, \.json, checkWrite)
  check("a read", { (json) throws(EventoError) in try ReadRequest(json: json) }, \.json) { request, tree in
    expectEqual(tree["routing_key"]?.text, request.routingKey.text, "the routing key")
  }
  check("a follow", { (json) throws(EventoError) in try FollowRequest(json: json, lastEventID: nil) }, \.json)
  check("an upsert", { (json) throws(EventoError) in try UpsertRequest(json: json) }, \.json)
  check("an acknowledge", { (json) throws(EventoError) in try AcknowledgeRequest(json: json) }, \.json)
  check("an enable", { (json) throws(EventoError) in try EnableRequest(json: json) }, \.json) { request, tree in
    guard case .boolean(request.isEnabled) = tree["enabled"] else { return expect(false, "enabled") }
  }
  check(
    "a snapshot", { (json) throws(EventoError) in try SnapshotBody.snapshot(request: json, limits: limits) },
    { SnapshotBody.json($0, .auto) }, { snapshot, _ in checkPayload(snapshot.data) })
  check(
    "a page", { (json) throws(EventoError) in try ReadResponse.page(json: json) }, { ReadResponse.json($0, .auto) },
    { page, _ in page.edges.forEach { checkPayload($0.node.data) } })
  check(
    "a response to a write", { (json) throws(EventoError) in try WriteResponse.events(json: json) },
    { WriteResponse.json($0) })
  check(
    "subscribers", { (json) throws(EventoError) in try SubscriberResponse.page(json: json) },
    { SubscriberResponse.json($0) }, checkSubscribers)
  if let error = Problem.error(json: bytes) {
    expect(isJSON, "a problem of what is not JSON")
    expectEqual(Problem.error(json: Problem.json(error)), error, "a problem, written and read again")
  }
}

private func checkError(_ error: EventoError, _ what: String, _ isJSON: Bool) {
  let codes: [EventoError.Code] = [.invalidJSON, .invalidRequest, .invalidCursor, .missingData, .contentTooLarge]
  expect(codes.contains(error.code), "\(what): \(error)")
  if error.code == .invalidJSON { expect(!isJSON, "\(what): JSON is not JSON: \(error)") }
  // An error of shape is reported once the whole has been read, one of depth or a repeated member at once.
  if error.code == .missingData { expect(isJSON, "\(what): \(error)") }
  if case .fieldErrors(let errors) = error.facts {
    expect(error.code == .invalidRequest && !errors.isEmpty, "\(what): \(error)")
    expect(errors.count <= 20, "\(what): \(errors.count) errors")
  }
  let problem = Problem.json(error)
  // With the end of its line.
  expect(
    problem.last == 0x0A && JSONScanner.isBareValue(problem.dropLast()), "\(what): a problem that is not JSON: \(error)"
  )
  expectEqual(Problem.error(json: problem), error, "\(what): a problem, written and read again")
}

/// What an executor counts on, and what the text says.
private func checkWrite(_ request: WriteRequest, _ tree: JSONTree) {
  do {
    try NewEvent.check(request.events)
  } catch {
    expect(false, "an executor would refuse what was taken: \(error)")
  }
  guard case .array(let elements) = tree["events"] else { return expect(false, "there are no events") }
  expectEqual(elements.count, request.events.count, "how many events there are")
  for (event, element) in zip(request.events, elements) {
    expectEqual(element["aggregator_type"]?.text, Array(event.aggregatorType.utf8), "aggregator_type")
    expectEqual(element["aggregator_id"]?.text, Array(event.aggregatorID.utf8), "aggregator_id")
    expectEqual(element["name"]?.text, Array(event.name.utf8), "name")
    expectEqual(element["version"]?.number, event.version.map(String.init), "version")
    expectEqual(element["timestamp"]?.number, event.timestamp.map { String($0.seconds) }, "timestamp")
    checkPayload(event.data)
    do {
      expectEqual(try Metadata(json: event.metadata.json), event.metadata, "metadata")
    } catch {
      expect(false, "metadata that is none: \(error)")
    }
  }
}

/// Times mean what they say, to the second.
private func checkSubscribers(_ page: SubscriberPage, _ tree: JSONTree) {
  guard case .array(let elements) = tree["subscribers"] else { return expect(false, "there are no subscribers") }
  for (subscriber, element) in zip(page.subscribers, elements) {
    let text = element["created_at"]?.text.map { String(decoding: $0.prefix(19), as: UTF8.self) }
    expectEqual(text, String(subscriber.createdAt.rfc3339.prefix(19)), "created_at")
  }
}

/// What is known of a payload is what one would find out.
private func checkPayload(_ payload: Payload) {
  expectEqual(payload.isJSON, JSONScanner.isBareValue(payload.bytes), "isJSON of \(payload)")
}

extension JSONTree {
  fileprivate var text: [UInt8]? {
    if case .string(let bytes) = self { bytes } else { nil }
  }

  fileprivate var number: String? {
    if case .number(let text) = self { text } else { nil }
  }
}

extension RoutingKey {
  fileprivate var text: [UInt8]? {
    if case .value(let key?) = self { Array(key.utf8) } else { nil }
  }
}
