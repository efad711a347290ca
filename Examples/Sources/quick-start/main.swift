import Evento
import EventoSQLite

enum Account: Aggregate { static let aggregatorType = "bank/Account" }
struct Opened: AggregateEvent { typealias Aggregate = Account; var owner: String }
struct Deposited: AggregateEvent { typealias Aggregate = Account; var cents: Int }

let store = try await SQLiteExecutor.open(":memory:")
let ada = try await Account.create().event(Opened(owner: "Ada")).event(Deposited(cents: 500)).commit(to: store)
try await Account.aggregate(ada.id).originalVersion(ada.version).event(Deposited(cents: 250)).commit(to: store)

let balance = Projection<Account, Int>(initial: 0).on(Deposited.self) { $0 += $1.data.cents }
let loaded = try await balance.load(ada.id, from: store)
print("\(loaded?.state ?? 0) cents at version \(loaded?.version ?? 0)")

try await Subscription("receipts").on(Deposited.self) { print("\($0.data.cents) cents arrived") }.runOnce(on: store)
