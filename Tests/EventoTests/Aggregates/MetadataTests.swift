import Evento
import Testing

@Suite struct MetadataTests {
  private func written(_ builder: AggregateBuilder<Account>) async throws -> Metadata {
    try await withStore { store in
      try await builder.event(Closed()).commit(to: store)
      return try #require(try await store.everything().first).node.metadata
    }
  }

  @Test func whoAskedIsThere() async throws {
    let metadata = try await written(Account.create().requestedBy("teller").requestedAs("Ada \"the\" \\ \u{1}é"))
    #expect(metadata.requestedBy == "teller")
    #expect(metadata.requestedAs == "Ada \"the\" \\ \u{1}é")
  }

  @Test func membersAreOfAnyType() async throws {
    struct Trace: Codable, Equatable {
      var hops: [Int]
    }
    let metadata = try await written(Account.create().metadata("trace", Trace(hops: [1, 2])).metadata("n", 3))
    #expect(try metadata.value("trace") == Trace(hops: [1, 2]))
    #expect(try metadata.value("n", as: Int.self) == 3)
    #expect(try metadata.value("none", as: Int.self) == nil)
    await expect(.undecodablePayload) { _ = try metadata.value("n", as: String.self) }
  }

  @Test func theLastWordOnAMemberCounts() async throws {
    let metadata = try await written(
      Account.create().requestedBy("a").metadata("n", 1).requestedBy("b").metadata("n", 2))
    #expect(metadata.json == #"{"requested_by":"b","n":2}"#)
  }

  @Test func aWholeObjectReplacesAndCanBeAddedTo() async throws {
    let base = try Metadata(json: #"{ "a" : 1.10 , "requested\u005fby":"x", "z":{"a":[1, 2]} }"#)
    #expect(try await written(Account.create().requestedBy("gone").metadata(base)) == base)
    let added = try await written(Account.create().metadata(base).requestedBy("y"))
    #expect(added.json == #"{"a" : 1.10,"z":{"a":[1, 2]},"requested_by":"y"}"#)
  }

  // MARK: Several aggregates

  /// The metadata of each event, by the aggregate's id.
  private func written(together builder: AggregateBuilder<Account>) async throws -> [String: String] {
    try await withStore { store in
      try await builder.commit(to: store)
      return try await store.everything().reduce(into: [:]) { $0[$1.node.aggregatorID] = $1.node.metadata.json }
    }
  }

  @Test func whatIsSaidOfACommitIsSaidOfEachOfItsEvents() async throws {
    let receiving = Account.aggregate("b").event(Closed())
    for builder in [
      Account.aggregate("a").event(Closed()).requestedBy("teller").and(receiving),
      Account.aggregate("a").event(Closed()).and(receiving).requestedBy("teller"),
    ] {
      let metadata = try await written(together: builder)
      #expect(metadata == ["a": #"{"requested_by":"teller"}"#, "b": #"{"requested_by":"teller"}"#])
    }
  }

  @Test func whatAnotherBuilderSaysItselfCountsThere() async throws {
    let innermost = Account.aggregate("c").event(Closed()).metadata("step", 3)
    let inner = Account.aggregate("b").event(Closed()).metadata("step", 2).requestedAs("auditor").and(innermost)
    let metadata = try await written(
      together: Account.aggregate("a").event(Closed()).and(inner).metadata("step", 1).requestedBy("teller"))
    #expect(metadata["a"] == #"{"step":1,"requested_by":"teller"}"#)
    #expect(metadata["b"] == #"{"requested_by":"teller","step":2,"requested_as":"auditor"}"#)
    #expect(metadata["c"] == #"{"requested_by":"teller","requested_as":"auditor","step":3}"#)
  }

  @Test func aWholeObjectIsOfTheWholeCommitToo() async throws {
    let base = try Metadata(json: #"{"a" : 1.10, "b":[1, 2]}"#)
    let metadata = try await written(
      together: Account.aggregate("a").event(Closed()).metadata(base)
        .and(Account.aggregate("b").event(Closed()))
        .and(Account.aggregate("c").event(Closed()).metadata(try Metadata(json: #"{"b":{}}"#))))
    #expect(metadata["a"] == base.json && metadata["b"] == base.json)
    #expect(metadata["c"] == #"{"a" : 1.10,"b":{}}"#)
  }

  @Test(arguments: ["", "\"", "\\", "\u{0}\u{1F}\n", "é", "e\u{301}", "💶", "a,b:{}"])
  func anyNameWillDo(name: String) async throws {
    let metadata = try await written(Account.create().metadata(name, "v").metadata("other", "w"))
    #expect(try metadata.value(name, as: String.self) == "v")
  }

  @Test func whatIsNoTextIsNobody() throws {
    #expect(try Metadata(json: #"{"requested_by":7}"#).requestedBy == nil)
    #expect(try Metadata(json: #"{"requested_by":"\ud800"}"#).requestedBy == nil)
    #expect(try Metadata(json: #"{"a":{"requested_by":"x"}}"#).requestedBy == nil)
    #expect(Metadata().requestedBy == nil)
  }

  @Test func nestedTooDeepIsInvalid() async throws {
    struct Nest: Encodable, Sendable {
      var depth: Int
      enum CodingKeys: CodingKey { case inner }
      func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        if depth > 0 { try container.encode(Nest(depth: depth - 1), forKey: .inner) }
      }
    }
    try await withStore { store in
      await expect(.invalidRequest) {
        try await Account.create().event(Closed()).metadata("x", Nest(depth: 130)).commit(to: store)
      }
    }
  }
}
