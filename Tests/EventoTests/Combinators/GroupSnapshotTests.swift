import Evento
import EventoTesting
import Testing

@Suite struct GroupSnapshotTests {
  private let key = SnapshotKey(type: "bank/Account", revision: "1", id: "a")

  @Test func aSnapshotIsOfAPositionInEachMember() async throws {
    let stores = ThreeStores()
    try await stores.fill(12, inOrder: false, seed: 6)
    let log = try await stores.group.forward()
    for (index, edge) in log.enumerated() {
      for data in ["", "{}", "text", "\u{0}"] {
        let snapshot = Snapshot(data: Payload(data), cursor: edge.cursor)
        try await stores.group.saveSnapshot(key, snapshot)
        let found = try #require(try await stores.group.getSnapshot(key))
        #expect(found == snapshot && found.data.isJSON == snapshot.data.isJSON)
        #expect(
          try await stores.group.forward(after: .after(found.cursor)).map(\.node.id)
            == log[(index + 1)...].map(\.node.id))
      }
    }
    try await stores.group.deleteSnapshot(key)
    #expect(try await stores.group.getSnapshot(key) == nil)
    #expect(await code { try await stores.group.deleteSnapshot(key) } == .snapshotNotFound)
  }

  @Test func aPayloadThatLooksLikeTheGroupsOwnIsKept() async throws {
    let stores = ThreeStores()
    let cursor = try await stores.group.write([NewEvent(aggregatorType: "t", aggregatorID: "a", name: "n")]).events[0]
      .cursor
    for bytes: [UInt8] in [
      [0xFF, 0x45, 0x47, 1], [0xFF, 0x45, 0x47, 1, 0], [0xFF, 0x45, 0x47, 1, 200, 65], [0xFF, 0x45],
    ] {
      let snapshot = Snapshot(data: Payload(bytes), cursor: cursor)
      try await stores.group.saveSnapshot(key, snapshot)
      #expect(try await stores.group.getSnapshot(key) == snapshot)
    }
  }

  @Test func aSnapshotOfTheFirstMemberAloneIsLeftAsItIs() async throws {
    let stores = ThreeStores()
    let cursor = try await stores.group.write([NewEvent(aggregatorType: "t", aggregatorID: "a", name: "n")]).events[0]
      .cursor
    let snapshot = Snapshot(data: Payload("1"), cursor: cursor)
    try await stores.group.saveSnapshot(key, snapshot)
    #expect(try await stores.members[0].getSnapshot(key) == snapshot)
  }
}
