internal import Evento

extension ConformanceCheck {
  static let versionChecks: [ConformanceCheck] = [
    ConformanceCheck("absent versions are the next ones", .writing) { context in
      let executor = context.executor
      try requireEqual(
        try await executor.writeWhole([.sample(), .sample("b"), .sample()]).events.map(\.version), [1, 1, 2],
        "versions of new aggregates")
      try requireEqual(try await executor.writeWhole([.sample()]).events.map(\.version), [3], "the version after 2")
      try requireEqual(
        try await executor.writeWhole([.sample(type: "other")]).events.map(\.version), [1],
        "the version of the same id under another type")
    },

    ConformanceCheck("a version must be the next one", .writing) { context in
      let executor = context.executor
      try await executor.writeWhole([.sample(version: 1), .sample(version: 2)])
      for given in [1, 2, 4, 5, Event.maximumVersion] {
        let error = try await requireError(.invalidOriginalVersion, "version \(given) after 2") {
          try await executor.writeWhole([.sample(version: given)])
        }
        try requireEqual(
          error.facts,
          .versionConflict(
            aggregatorType: "bank/Account", aggregatorID: "acc-1", givenVersion: given, currentVersion: 2),
          "the facts of the conflict")
      }
      try requireEqual(try await executor.writeWhole([.sample(version: 3)]).events[0].version, 3, "the version after 2")
    },

    ConformanceCheck("a new aggregate starts at version 1", .writing) { context in
      let error = try await requireError(.invalidOriginalVersion, "a first version of 2") {
        try await context.executor.writeWhole([.sample("new", version: 2)])
      }
      try requireEqual(
        error.facts,
        .versionConflict(aggregatorType: "bank/Account", aggregatorID: "new", givenVersion: 2, currentVersion: 0),
        "the facts of the conflict")
      try requireEqual(
        try await context.executor.writeWhole([.sample("new", version: 1)]).events[0].version, 1, "the first version")
    },

    ConformanceCheck("versions within one write are consecutive", .writing) { context in
      let result = try await context.executor.writeWhole([
        .sample("a", version: 1), .sample("b", version: 1), .sample("a", version: 2), .sample("a", version: 3),
        .sample("b", version: 2),
      ])
      try requireEqual(result.events.map(\.version), [1, 1, 2, 3, 2], "versions in the result")
      for versions in [[4, 6], [4, 4], [5, 4], [4, 5, 7]] {
        try await requireError(.invalidOriginalVersion, "versions \(versions) after 3") {
          try await context.executor.writeWhole(versions.map { .sample("a", version: $0) })
        }
      }
      try requireEqual(try await context.executor.log().count, 5, "events after the refused writes")
    },

    ConformanceCheck("a conflict reports the version before the write", .writing) { context in
      try await context.executor.writeWhole([.sample("old")])
      let error = try await requireError(.invalidOriginalVersion, "a gap within a write") {
        try await context.executor.writeWhole([.sample("old", version: 2), .sample("old", version: 4)])
      }
      try requireEqual(
        error.facts,
        .versionConflict(aggregatorType: "bank/Account", aggregatorID: "old", givenVersion: 4, currentVersion: 1),
        "the facts of the conflict")
    },

    ConformanceCheck("the first event of a write with a wrong version is the one reported", .writing) { context in
      let error = try await requireError(.invalidOriginalVersion, "a write with two wrong versions") {
        try await context.executor.writeWhole([
          .sample("fine", version: 1), .sample("first", version: 9), .sample("second", version: 8),
        ])
      }
      try requireEqual(
        error.facts,
        .versionConflict(aggregatorType: "bank/Account", aggregatorID: "first", givenVersion: 9, currentVersion: 0),
        "the facts of the conflict")
    },

    ConformanceCheck("events of one aggregate all have a version or all have none", .writing) { context in
      for events in [
        [NewEvent.sample(version: 1), .sample()], [.sample(), .sample(version: 2)],
        [.sample(version: 1), .sample("b"), .sample()],
      ] {
        try await requireError(.invalidRequest, "a write with only some versions of an aggregate") {
          try await context.executor.writeWhole(events)
        }
      }
      // Two aggregates need not agree.
      try await context.executor.writeWhole([.sample("x", version: 1), .sample("y")])
      try requireEqual(try await context.executor.log().count, 2, "events in the log")
    },

    ConformanceCheck("a version out of range is refused", .writing) { context in
      for version in [0, -1, Event.maximumVersion + 1, .max, .min] {
        try await requireError(.invalidRequest, "version \(version)") {
          try await context.executor.writeWhole([.sample(version: version)])
        }
      }
      try requireEqual(try await context.executor.log().count, 0, "events in the log")
    },

    ConformanceCheck("of many writers of one version, one wins", .writing) { context in
      let executor = context.executor
      for version in 1...10 {
        let wins = try await withThrowingTaskGroup(of: Bool.self) { group in
          for _ in 0..<8 {
            group.addTask {
              do {
                try await executor.writeWhole([.sample(version: version)])
                return true
              } catch let error as EventoError {
                try requireEqual(
                  error.code.rawValue, EventoError.Code.invalidOriginalVersion.rawValue, "the error of a late writer")
                return false
              }
            }
          }
          return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        try requireEqual(wins, 1, "writers that stored version \(version)")
      }
      try requireEqual(try await executor.log().versions, Array(1...10), "versions in the log")
    },
  ]
}
