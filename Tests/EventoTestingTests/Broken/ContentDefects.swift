import Evento
import EventoTesting
import Foundation

extension Defect {
  static let content: [Defect] = [
    Defect(
      "payloads are read and written again",
      caughtBy: [
        "numbers in a payload keep their digits"
      ]
    ) {
      $0.changeEvents { $0.data = reformatted($0.data) }
    },
    Defect(
      "white space around a payload is dropped",
      caughtBy: [
        "white space in a payload and around it stays"
      ]
    ) {
      $0.changeEvents {
        if let text = $0.data.text { $0.data = Payload(text.trimmingCharacters(in: .whitespacesAndNewlines)) }
      }
    },
    Defect("payloads are taken for text", caughtBy: ["a payload can be any bytes"]) {
      $0.changeEvents { $0.data = Payload(String(decoding: $0.data.bytes, as: UTF8.self)) }
    },
    Defect(
      "no payload is null",
      caughtBy: [
        "an empty payload is kept",
        "an absent payload counts as no bytes, and absent metadata as {}",
      ]
    ) {
      $0.changeEvents { if $0.data.bytes.isEmpty { $0.data = Payload("null") } }
    },
    Defect("payloads are cut off at 64 KiB", caughtBy: ["large payloads are kept whole"]) {
      $0.changeEvents { $0.data = Payload(Array($0.data.bytes.prefix(65536))) }
    },
    Defect("no payload is known to be JSON", caughtBy: ["every kind of JSON value is a payload"]) {
      $0.changeNodes { $0.with(data: Payload(bytes: $0.data.bytes, isJSON: false)) }
    },
    Defect(
      "every payload passes for JSON",
      caughtBy: [
        "a payload that is nearly JSON is kept as bytes",
        "a payload nested 128 deep is kept, and a deeper one too, as bytes",
      ]
    ) {
      $0.changeNodes { $0.with(data: Payload(bytes: $0.data.bytes, isJSON: true)) }
    },
    Defect(
      "payloads with escapes are unescaped",
      caughtBy: [
        "escapes and lone surrogates in a payload stay as they are"
      ]
    ) {
      $0.changeEvents {
        guard let text = $0.data.text, text.contains("\\u") || text.contains("\\/") else { return }
        $0.data = Payload(text.replacingOccurrences(of: "\\/", with: "/").replacingOccurrences(of: "\\u", with: "u"))
      }
    },
    Defect(
      "repeated members of a payload are dropped",
      caughtBy: [
        "members of a payload keep their order, and repeated ones stay"
      ]
    ) {
      $0.changeEvents { if $0.data.bytes.starts(with: Array(#"{"a":1,"a""#.utf8)) { $0.data = Payload(#"{"a":2}"#) } }
    },
    Defect(
      "a page with a large event is empty",
      caughtBy: [
        "payloads larger than a page come in several pages"
      ]
    ) {
      $0.changePages { page, _ in
        if page.edges.contains(where: { $0.node.data.bytes.count >= 1 << 20 }) {
          page.edges = []
          page.pageInfo.hasNextPage = true
        }
      }
    },
    Defect(
      "metadata are read and written again",
      caughtBy: [
        "metadata keep their text",
        "escapes in metadata stay as they are",
        "white space in metadata stays",
      ]
    ) {
      $0.changeEvents { event in
        let payload = reformatted(Payload(event.metadata.bytes))
        if let metadata = try? Metadata(json: String(decoding: payload.bytes, as: UTF8.self)) {
          event.metadata = metadata
        }
      }
    },
    Defect(
      "metadata are dropped",
      caughtBy: [
        "metadata keep their text",
        "metadata can be nested 128 deep",
      ]
    ) { $0.changeEvents { $0.metadata = Metadata() } },
    Defect(
      "metadata are never empty",
      caughtBy: [
        "absent metadata are {}",
        "metadata of 64 KiB are kept whole",
      ]
    ) {
      $0.changeNodes {
        $0.metadata == Metadata() ? $0.with(metadata: (try? Metadata(json: #"{"by":"me"}"#)) ?? Metadata()) : $0
      }
    },
    Defect(
      "names are normalized",
      caughtBy: [
        "aggregates are compared by bytes, not by canonical equivalence"
      ]
    ) {
      $0.changeEvents { event in
        event.aggregatorType = event.aggregatorType.precomposedStringWithCanonicalMapping
        event.aggregatorID = event.aggregatorID.precomposedStringWithCanonicalMapping
        event.name = event.name.precomposedStringWithCanonicalMapping
        if case .value(let key?) = event.routingKey {
          event.routingKey = .value(key.precomposedStringWithCanonicalMapping)
        }
      }
    },
    Defect(
      "names are compared without regard to case",
      caughtBy: [
        "types are compared by bytes",
        "event names are compared by bytes",
      ]
    ) {
      $0.read = { store, aggregators, routingKey, args throws in
        let all = try await store.everything()
        let page = try await store.read(aggregators, routingKey: routingKey, args: args)
        guard let filter = aggregators?.first, aggregators?.count == 1 else { return page }
        let edges = all.filter { edge in
          edge.node.aggregatorType.lowercased() == filter.aggregatorType.lowercased()
            && (filter.name == nil || edge.node.name.lowercased() == filter.name?.lowercased())
            && (filter.aggregatorID == nil || edge.node.aggregatorID.lowercased() == filter.aggregatorID?.lowercased())
            && routingKey.matches(edge.node)
        }
        return edges.count > page.edges.count && page.edges.count > 0 && args == .forward(first: 1000)
          ? ReadResult(edges: edges, pageInfo: page.pageInfo) : page
      }
    },
    Defect(
      "routing keys are compared by canonical equivalence",
      caughtBy: [
        "routing keys are compared by bytes"
      ]
    ) {
      $0.read = { store, aggregators, routingKey, args throws in
        guard case .value(let key?) = routingKey else {
          return try await store.read(aggregators, routingKey: routingKey, args: args)
        }
        var page = try await store.read(aggregators, routingKey: .all, args: args)
        page.edges = page.edges.filter { $0.node.routingKey == key }
        return page
      }
    },
    Defect(
      "a condition is compared by canonical equivalence",
      caughtBy: [
        "a condition is compared by bytes"
      ]
    ) {
      $0.write = { store, events, condition throws in
        let log = try await store.everything()
        for filter in condition?.failIfEventsMatch ?? []
        where log.contains(where: { $0.node.aggregatorID == filter.aggregatorID }) {
          throw EventoError.conditionFailed()
        }
        return try await store.write(events, condition: condition)
      }
    },
  ]

  /// A payload as somebody makes it who reads JSON into values and writes them again.
  private static func reformatted(_ payload: Payload) -> Payload {
    guard payload.isJSON,
      let value = try? JSONSerialization.jsonObject(with: Data(payload.bytes), options: [.fragmentsAllowed]),
      let data = try? JSONSerialization.data(withJSONObject: value, options: [.fragmentsAllowed, .sortedKeys])
    else { return payload }
    return Payload(Array(data))
  }
}
