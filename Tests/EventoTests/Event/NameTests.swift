import Evento
import Testing

/// Names are what their bytes are: "é" as one character and as two is the same to Swift, and not to a store.
@Suite struct NameTests {
  private static let one = "\u{E9}"
  private static let two = "e\u{301}"

  @Test func tellsSpellingsApart() {
    #expect(Self.one == Self.two)
    #expect(Name(checked: Self.one) != Name(checked: Self.two))
    #expect(Set([Self.one, Self.two, Self.one].map(Name.init(checked:))).count == 2)
    #expect(AggregateKey(type: "t", id: Self.one) != AggregateKey(type: "t", id: Self.two))
    // The texts of a key are not run together.
    #expect(AggregateKey(type: "ab", id: "c") != AggregateKey(type: "a", id: "bc"))
  }

  /// A key is taken to be another one if any of its texts is another one, in a set too.
  @Test func comparesEveryTextOfAKey() {
    func filters(_ text: String) -> [ReadAggregator] {
      [ReadAggregator(text, id: "i", name: "n"), ReadAggregator("t", id: text), ReadAggregator("t", name: text)]
    }
    #expect(filters(Self.one) == filters(Self.one))
    #expect(Set(filters(Self.one) + filters(Self.two)).count == 6)
    let keys = [RoutingKey.all, .value(nil), .value(Self.one), .value(Self.two)]
    #expect(Set(keys + keys).count == 4)
    func snapshots(_ text: String) -> [SnapshotKey] {
      [(text, "r", "i"), ("t", text, "i"), ("t", "r", text)].map { SnapshotKey(type: $0.0, revision: $0.1, id: $0.2) }
    }
    #expect(Set(snapshots(Self.one) + snapshots(Self.two) + snapshots(Self.one)).count == 6)
  }

  @Test func comparesEveryTextOfAnEvent() {
    func events(_ text: String) -> [Event] {
      [(text, "i", "n", "k"), ("t", text, "n", "k"), ("t", "i", text, "k"), ("t", "i", "n", text)].map {
        Event(
          id: ULID(high: 0, low: 0), aggregatorType: $0.0, aggregatorID: $0.1, version: 1, name: $0.2,
          routingKey: $0.3, data: Payload(), metadata: Metadata(), timestamp: Timestamp(seconds: 0))
      }
    }
    #expect(events(Self.one) == events(Self.one))
    for (left, right) in zip(events(Self.one), events(Self.two)) { #expect(left != right) }
  }

  /// As UTF-8 has them; Swift would put the second spelling before "f" and beside the first one.
  @Test func ordersByBytes() {
    let names = ["z", "f", Self.one, Self.two, "\u{FFFD}", "\u{10000}", "ab", "a"].map(Name.init(checked:))
    #expect(
      names.sorted().map { Array($0.text.utf8) }
        == names.map { Array($0.text.utf8) }.sorted { $0.lexicographicallyPrecedes($1) })
  }

  @Test func setsOutWhatATextMustBe() {
    #expect(["a", String(repeating: "é", count: 127), "a b", "\u{80}"].allSatisfy { Name.error(in: $0) == nil })
    #expect(
      ["", String(repeating: "é", count: 128), "a\nb", "\u{7F}", "a\0"].allSatisfy { Name.error(in: $0) != nil })
  }
}
