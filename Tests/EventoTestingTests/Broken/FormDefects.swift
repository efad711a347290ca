import Evento
import EventoTesting
import Foundation

extension Defect {
  static let form: [Defect] = [
    Defect(
      "long names are cut off",
      caughtBy: [
        "names that are empty or longer than 255 bytes are refused",
        "names of 255 bytes are accepted, and kept exactly",
      ]
    ) {
      $0.changeEvents {
        $0.aggregatorType = String($0.aggregatorType.prefix(200))
        $0.aggregatorID = String($0.aggregatorID.prefix(200))
        $0.name = String($0.name.prefix(200))
      }
    },
    Defect(
      "empty names are filled in",
      caughtBy: [
        "names that are empty or longer than 255 bytes are refused"
      ]
    ) {
      $0.changeEvents {
        if $0.aggregatorID.isEmpty { $0.aggregatorID = "-" }
        if $0.name.isEmpty { $0.name = "-" }
      }
    },
    Defect(
      "control characters are taken out of names",
      caughtBy: [
        "names with control characters are refused"
      ]
    ) {
      $0.changeEvents { event in
        func clean(_ text: String) -> String {
          String(text.unicodeScalars.filter { $0.value >= 0x20 && $0.value != 0x7F })
        }
        event.aggregatorID = clean(event.aggregatorID)
        event.name = clean(event.name)
      }
    },
    Defect("names are percent-decoded", caughtBy: ["names can have every other character"]) {
      $0.changeEvents { $0.name = $0.name.removingPercentEncoding ?? $0.name }
    },
    Defect(
      "timestamps are whole seconds",
      caughtBy: [
        "timestamps can be any millisecond from 1970 to 9999",
        "members that the store assigned can be sent in a resend",
        "an id stored with another version, key or time is a duplicate",
      ]
    ) {
      $0.changeEvents { $0.timestamp = $0.timestamp.map { Timestamp(seconds: $0.seconds) } }
    },
    Defect(
      "timestamps out of range are those of the write",
      caughtBy: [
        "timestamps out of range are refused"
      ]
    ) {
      $0.changeEvents {
        if let time = $0.timestamp, time.milliseconds < 0 || time.seconds > 253_402_300_799 { $0.timestamp = nil }
      }
    },
    Defect(
      "the time of a write is not kept",
      caughtBy: [
        "timestamps can be any millisecond from 1970 to 9999"
      ]
    ) { $0.changeNodes { $0.with(timestamp: .now()) } },
    Defect(
      "a timestamp that is left out is zero",
      caughtBy: [
        "an absent timestamp is the time of the write"
      ]
    ) {
      $0.changeEvents { if $0.timestamp == nil { $0.timestamp = Timestamp(milliseconds: 0) } }
    },
    Defect(
      "routing keys are not inherited",
      caughtBy: [
        "a routing key is inherited from the aggregate's latest event",
        "a routing key is inherited within one write",
      ]
    ) {
      $0.changeEvents { if $0.routingKey == .inherited { $0.routingKey = .value(nil) } }
    },
    Defect(
      "every aggregate has a routing key",
      caughtBy: [
        "a new aggregate has no routing key by default",
        "an explicit absence of a routing key is inherited too",
      ]
    ) {
      $0.changeEvents { if $0.routingKey == .value(nil) { $0.routingKey = .value("default") } }
    },
    Defect(
      "an aggregate's first routing key holds for ever",
      caughtBy: [
        "a routing key is inherited from the aggregate's latest event"
      ]
    ) {
      $0.write = { store, events, condition throws in
        var known: [String: String?] = [:]
        for edge in try await store.everything() where known[edge.node.aggregatorID] == nil {
          known[edge.node.aggregatorID] = .some(edge.node.routingKey)
        }
        var changed: [NewEvent] = []
        for var event in events {
          if let key = known[event.aggregatorID] { event.routingKey = .value(key) }
          if case .value(let key) = event.routingKey, known[event.aggregatorID] == nil {
            known[event.aggregatorID] = .some(key)
          }
          changed.append(event)
        }
        return try await store.write(changed, condition: condition)
      }
    },
    Defect(
      "a routing key is inherited by the id alone",
      caughtBy: [
        "aggregates with the same id and different types inherit separately"
      ]
    ) {
      $0.write = { store, events, condition throws in
        var known: [String: String?] = [:]
        for edge in try await store.everything() { known[edge.node.aggregatorID] = .some(edge.node.routingKey) }
        let changed = events.map { event in
          var event = event
          if event.routingKey == .inherited, let key = known[event.aggregatorID] { event.routingKey = .value(key) }
          return event
        }
        return try await store.write(changed, condition: condition)
      }
    },
    Defect(
      "a routing key of a refused write stays",
      caughtBy: [
        "a refused write does not change the routing key"
      ]
    ) {
      $0.write = { store, events, condition throws in
        do {
          return try await store.write(events, condition: condition)
        } catch let error as EventoError {
          guard error.code == .invalidOriginalVersion, case .value(let key?) = events.first?.routingKey else {
            throw error
          }
          try await store.write([
            NewEvent(aggregatorType: "bank/Account", aggregatorID: "a", name: "x", routingKey: .value(key))
          ])
          throw error
        }
      }
    },
  ]
}
