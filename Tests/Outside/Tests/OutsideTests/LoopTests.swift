import Evento
import EventoTesting
import Testing

// The loops that people write around a commit, in the places where they write them. Typed throws made the compiler of
// Swift 6.3.1 crash in them: that this file is compiled, in a debug and a release build, is the test.

private func builder() -> AggregateBuilder<Account> {
  Account.create().event(Deposited(cents: 1))
}

extension Error {
  fileprivate var isWorthATry: Bool { (self as? EventoError)?.isTransient ?? false }
}

struct RetryingStruct {
  let store: any Executor

  func forLoop() async throws {
    let d = builder()
    for _ in 1...5 {
      do {
        try await d.commit(to: store)
        return
      } catch let error as EventoError where error.isTransient {}
    }
  }

  func forLoopWithAnyError() async throws {
    let d = builder()
    for _ in 1...5 {
      do {
        try await d.commit(to: store)
        return
      } catch  where error.isWorthATry {}
    }
  }

  func whileLoop() async throws {
    let d = builder()
    var isDone = false
    while !isDone {
      do {
        try await d.commit(to: store)
        isDone = true
      } catch let error as EventoError where error.isTransient { continue }
    }
  }

  func repeatLoop() async throws {
    let d = builder()
    var attempts = 0
    repeat {
      do {
        try await d.commit(to: store)
        return
      } catch let error as EventoError {
        guard error.isTransient else { throw error }
        attempts += 1
      }
    } while attempts < 5
  }

  /// Decides again after a conflict.
  func decideAgain(_ id: String) async throws -> CommitResult {
    while true {
      let account = try await balances.load(id, from: store)
      do {
        return try await Account.aggregate(id).originalVersion(account?.version ?? 0).event(Deposited(cents: 1))
          .commit(to: store)
      } catch let error as EventoError where error.code == .invalidOriginalVersion { continue }
    }
  }

  func readLoop() async throws -> Int {
    for _ in 1...5 {
      do {
        return try await store.read().edges.count
      } catch let error as EventoError where error.isTransient {}
    }
    return 0
  }

  func followLoop() async throws -> Int {
    var count = 0
    while true {
      do {
        for try await _ in AnyStore.follow(store) {
          count += 1
          return count
        }
        return count
      } catch let error as EventoError where error.isTransient { continue }
    }
  }

  func parseLoop(_ texts: [String]) throws -> Int {
    var count = 0
    for text in texts {
      do {
        _ = try Cursor(text)
        count += 1
      } catch let error as EventoError where error.code == .invalidCursor {}
      do {
        _ = try Metadata(json: text)
        count += 1
      } catch let error as EventoError where !error.isTransient { continue }
    }
    return count
  }

  func subscribeLoop() async throws {
    for _ in 1...5 {
      do {
        try await Subscription("s").on(Deposited.self) { _ in }.runOnce(on: store)
        return
      } catch let failure as SubscriptionFailure where failure.attempt < 5 {}
    }
  }
}

private enum AnyStore {
  static func follow(_ store: any Executor) -> EventSequence { store.follow() }
}

actor RetryingActor {
  let store: any Executor
  private var attempts = 0

  init(_ store: any Executor) { self.store = store }

  func forLoop() async throws {
    let d = builder()
    for _ in 1...5 {
      do {
        try await d.commit(to: store)
        return
      } catch let error as EventoError where error.isTransient { attempts += 1 }
    }
  }

  func whileLoop() async throws {
    let d = builder()
    while attempts < 5 {
      do {
        try await d.commit(to: store)
        break
      } catch {
        guard (error as? EventoError)?.isTransient == true else { throw error }
        attempts += 1
      }
    }
  }

  func repeatLoop() async throws {
    let d = builder()
    var isDone = false
    repeat {
      do {
        try await d.commit(to: store)
        isDone = true
      } catch let error as EventoError where error.isTransient {}
    } while !isDone
  }
}

func retrying(_ store: some Executor) async throws {
  let d = builder()
  for _ in 1...5 {
    do {
      try await d.commit(to: store)
      return
    } catch let error as EventoError where error.isTransient {}
  }
}

func retryingWhile(_ store: any Executor) async throws {
  let d = builder()
  while true {
    do {
      try await d.commit(to: store)
      return
    } catch let error as EventoError where error.isTransient {}
  }
}

func retryingRepeat<Store: Executor>(_ store: Store) async throws {
  let d = builder()
  repeat {
    do {
      try await d.commit(to: store)
      return
    } catch let error as EventoError where error.isTransient {}
  } while true
}

@Suite struct LoopTests {
  @Test func eachLoopWritesOnce() async throws {
    let store = InMemoryExecutor()
    let shop = RetryingStruct(store: store)
    try await shop.forLoop()
    try await shop.forLoopWithAnyError()
    try await shop.whileLoop()
    try await shop.repeatLoop()
    let clerk = RetryingActor(store)
    try await clerk.forLoop()
    try await clerk.whileLoop()
    try await clerk.repeatLoop()
    try await retrying(store)
    try await retryingWhile(store)
    try await retryingRepeat(store)
    #expect(try await shop.decideAgain("a").version == 1)
    #expect(try await shop.readLoop() == 11)
    #expect(try await shop.followLoop() == 1)
    #expect(try shop.parseLoop(["x", "{}"]) == 1)
    try await shop.subscribeLoop()
  }
}
