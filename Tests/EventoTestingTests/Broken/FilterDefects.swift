import Evento
import EventoTesting

extension Defect {
  static let filters: [Defect] = [
    Defect(
      "an empty list of filters reads all events",
      caughtBy: [
        "an empty list of filters reads no events (filters)"
      ]
    ) {
      $0.changeFilters { $0?.isEmpty == true ? nil : $0 }
    },
    Defect("no filters read nothing", caughtBy: ["no filters read all events (filters)"]) {
      $0.changeFilters { $0 ?? [] }
    },
    Defect(
      "only the first filter counts",
      caughtBy: [
        "several filters read what matches any of them, each event once (filters)"
      ]
    ) { $0.changeFilters { $0.map { Array($0.prefix(1)) } } },
    Defect("a filter by type reads all types", caughtBy: ["a filter by type (filters)"]) {
      $0.changeFilters { filters in
        filters?.contains { $0.aggregatorID == nil && $0.name == nil } == true ? nil : filters
      }
    },
    Defect("the id of a filter is not looked at", caughtBy: ["a filter by type and id (filters)"]) {
      $0.changeFilters { $0?.map { ReadAggregator($0.aggregatorType, name: $0.name) } }
    },
    Defect(
      "the name of a filter is not looked at",
      caughtBy: [
        "a filter by type and name (filters)",
        "a loop with a filter that matches nothing yet misses nothing",
        "a filter by type, id and name (filters)",
      ]
    ) {
      $0.changeFilters { $0?.map { ReadAggregator($0.aggregatorType, id: $0.aggregatorID) } }
    },
    Defect(
      "an event that two filters match comes twice",
      caughtBy: [
        "several filters read what matches any of them, each event once (filters)",
        "forward pages of any size return each event once",
      ]
    ) {
      $0.read = { store, aggregators, routingKey, args throws in
        var page = try await store.read(aggregators, routingKey: routingKey, args: args)
        guard let aggregators, aggregators.count > 1 else { return page }
        page.edges = page.edges.flatMap { edge in
          aggregators.filter { $0.matches(edge.node) }.map { _ in edge }
        }
        return page
      }
    },
    Defect(
      "filters past the hundredth are not looked at",
      caughtBy: [
        "more than two hundred filters are refused"
      ]
    ) {
      $0.changeFilters { $0.map { Array($0.prefix(100)) } }
    },
    Defect(
      "filters out of form match nothing",
      caughtBy: [
        "a filter with an invalid name is refused"
      ]
    ) {
      $0.read = { store, aggregators, routingKey, args throws in
        do {
          return try await store.read(aggregators, routingKey: routingKey, args: args)
        } catch let error as EventoError {
          guard error.code == .invalidRequest else { throw error }
          return try await store.read([], routingKey: .all, args: .forward(first: 1))
        }
      }
    },
    Defect(
      "the routing key is not looked at",
      caughtBy: [
        "a read with a routing key returns the events that have it"
      ]
    ) { $0.changeRoutingKey { _ in .all } },
    Defect(
      "a read of no routing key reads all events",
      caughtBy: [
        "a read without routing keys returns the events that have none"
      ]
    ) {
      $0.changeRoutingKey { $0 == .value(nil) ? .all : $0 }
    },
    Defect(
      "the routing key now is none",
      caughtBy: [
        "a routing key can look like any other name"
      ]
    ) {
      $0.changeRoutingKey { $0 == .value("now") ? .value(nil) : $0 }
    },
    Defect(
      "with filters the routing key is not looked at",
      caughtBy: [
        "a read with a routing key and filters returns what matches both",
        "any two hundred filters read what matches any of them",
      ]
    ) {
      $0.read = { store, aggregators, routingKey, args throws in
        try await store.read(aggregators, routingKey: aggregators == nil ? routingKey : .all, args: args)
      }
    },
  ]
}

extension Defect.Hooks {
  mutating func changeFilters(_ change: @escaping @Sendable ([ReadAggregator]?) -> [ReadAggregator]?) {
    read = { store, aggregators, routingKey, args throws in
      try await store.read(change(aggregators), routingKey: routingKey, args: args)
    }
  }

  mutating func changeRoutingKey(_ change: @escaping @Sendable (RoutingKey) -> RoutingKey) {
    read = { store, aggregators, routingKey, args throws in
      try await store.read(aggregators, routingKey: change(routingKey), args: args)
    }
  }

  mutating func changeArgs(_ change: @escaping @Sendable (Args) -> Args) {
    read = { store, aggregators, routingKey, args throws in
      try await store.read(aggregators, routingKey: routingKey, args: change(args))
    }
  }
}
