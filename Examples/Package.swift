// swift-tools-version: 6.2
import PackageDescription

// A package of its own, as a user's is: it sees only what is public.
let settings: [SwiftSetting] = [.swiftLanguageMode(.v6), .treatAllWarnings(as: .error)]

let evento = Target.Dependency.product(name: "Evento", package: "evento")
let sqlite = Target.Dependency.product(name: "EventoSQLite", package: "evento")
let http = Target.Dependency.product(name: "EventoHTTP", package: "evento")

let package = Package(
  name: "examples",
  platforms: [.macOS(.v15)],
  products: [
    .executable(name: "quick-start", targets: ["quick-start"]),
    .executable(name: "bank-tour", targets: ["bank-tour"]),
  ],
  dependencies: [.package(name: "evento", path: "..")],
  targets: [
    .executableTarget(name: "quick-start", dependencies: [evento, sqlite], swiftSettings: settings),
    .target(name: "Bank", dependencies: [evento], swiftSettings: settings),
    .executableTarget(name: "bank-tour", dependencies: ["Bank", evento, sqlite, http], swiftSettings: settings),
    .testTarget(name: "BankTests", dependencies: ["Bank", evento, sqlite], swiftSettings: settings),
  ]
)
