// swift-tools-version: 6.2
import PackageDescription

/// memmem, asprintf.
let gnu: [CSetting] = [.define("_GNU_SOURCE")]

let swift: [SwiftSetting] = [.swiftLanguageMode(.v6), .treatAllWarnings(as: .error)]

// A package of its own, so that neither the product's build nor its tests know of it.
let package = Package(
  name: "evento-benchmarks",
  platforms: [.macOS(.v15)],
  dependencies: [.package(name: "evento", path: "..")],
  targets: [
    .target(name: "measuring"),
    .executableTarget(name: "event-load", dependencies: ["measuring"], cSettings: gnu),
    .executableTarget(name: "event-follow", dependencies: ["measuring"], cSettings: gnu),
    .executableTarget(
      name: "event-read", dependencies: ["measuring"], cSettings: gnu, linkerSettings: [.linkedLibrary("z")]),
    .executableTarget(
      name: "sqlite-yardstick", dependencies: ["measuring"], cSettings: gnu,
      linkerSettings: [.linkedLibrary("sqlite3")]),
    .executableTarget(
      name: "client-benchmark",
      dependencies: [.product(name: "Evento", package: "evento"), .product(name: "EventoHTTP", package: "evento")],
      swiftSettings: swift),
    .executableTarget(
      name: "store-benchmark",
      dependencies: [.product(name: "Evento", package: "evento"), .product(name: "EventoSQLite", package: "evento")],
      swiftSettings: swift),
    .executableTarget(
      name: "catch-up-benchmark",
      dependencies: [
        .product(name: "Evento", package: "evento"), .product(name: "EventoHTTP", package: "evento"),
        .product(name: "EventoSQLite", package: "evento"),
      ],
      swiftSettings: swift),
    .executableTarget(
      name: "subscription-benchmark",
      dependencies: [
        .product(name: "Evento", package: "evento"), .product(name: "EventoHTTP", package: "evento"),
        .product(name: "EventoSQLite", package: "evento"),
      ],
      swiftSettings: swift),
  ]
)
