import Evento
import EventoStorage
import Synchronization
import Testing

@testable import EventoPostgreSQL

/// Which commits followers hear of, and with which hints.
@Suite struct CommitAnnouncerTests {
  private let announcer = CommitAnnouncer(end: LogPosition(position: 10, commitID: 1))

  /// Returns whether each advance of the signal has a hint.
  private func hints(_ body: () -> Void) -> [Bool] {
    let hints = Mutex<[Bool]>([])
    let listening = announcer.signal.listen { hint in hints.withLock { $0.append(hint != nil) } }
    withExtendedLifetime(listening) { body() }
    return hints.withLock { $0 }
  }

  /// A batch of one event.
  private func batch(after end: LogPosition) -> WriteBatch {
    let event = NewEvent(aggregatorType: "t", aggregatorID: "a", name: "n", routingKey: .value(nil))
    let kind = KindName(type: Name(checked: "t"), name: Name(checked: "n"))
    var known = LookupResult()
    known.heads[AggregateKey(type: "t", id: "a")] = .some(nil)
    known.kinds[kind] = .some(nil)
    known.lanes[LaneName(kind: kind, routingKey: nil)] = .some(nil)
    let store = StoreRow(origin: 0, end: end, texts: 0, kinds: 0, lanes: 0, aggregates: 0, term: 0)
    let batch = WriteBatch(after: store, known, WriterCache(), time: .now())
    batch.decide(PendingWrite([event], nil, deadline: .now + .seconds(1), unless: { false }, completion: { _ in }))
    return batch
  }

  private func announce(_ batch: WriteBatch) {
    announcer.expect(batch)
    announcer.announce(batch, began: .now)
  }

  @Test func ownCommitsHaveHintsAsLongAsTheyFollowEachOther() {
    let first = batch(after: LogPosition(position: 10, commitID: 1))
    let second = batch(after: first.store.end)
    let found = hints {
      announce(first)
      announce(second)
      // Their own notifications say nothing new.
      announcer.announce(first.store.end)
      announcer.announce(second.store.end)
      announcer.announce(readEnd: second.store.end)
    }
    #expect(found == [true, true])
  }

  @Test func aCommitOfAnotherGatewayLeavesNoHint() {
    let found = hints {
      announcer.announce(LogPosition(position: 11, commitID: 2))
      announce(batch(after: LogPosition(position: 12, commitID: 3)))
      announcer.announce(LogPosition(position: 12, commitID: 3))
    }
    #expect(found == [false, false, false])
  }

  /// After a failover that lost commits, other commits have the same positions.
  @Test(arguments: [3, 10, 40] as [Int64])
  func commitsOfAnotherHistoryAreNews(_ position: Int64) {
    let found = hints {
      announcer.announce(LogPosition(position: position, commitID: 5))
      announce(batch(after: LogPosition(position: position, commitID: 5)))
      announcer.announce(readEnd: LogPosition(position: 2, commitID: 6))
    }
    #expect(found == [false, position > 10, false])
  }

  /// Any role of the database can send a notification.
  @Test func aFalseNotificationSilencesNoCommit() {
    let found = hints {
      announcer.announce(LogPosition(position: .max, commitID: 0))
      announce(batch(after: LogPosition(position: 10, commitID: 1)))
      announcer.announce(LogPosition(position: 12, commitID: 3))
      announcer.announce(readEnd: LogPosition(position: 12, commitID: 3))
    }
    #expect(found == [false, false, false, false])
  }
}
