// swift-tools-version: 6.2
import PackageDescription

// Every target is built the same way: language mode 6, no implicit existentials, imports that stay where they are
// written, `async` functions that stay on their caller's executor, and no warning left standing.
let settings: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
  .treatAllWarnings(as: .error),
]

let log = Target.Dependency.product(name: "Logging", package: "swift-log")
let deque = Target.Dependency.product(name: "DequeModule", package: "swift-collections")

let package = Package(
  name: "evento",
  platforms: [.macOS(.v15)],
  products: [
    .library(name: "Evento", targets: ["Evento"]),
    .library(name: "EventoSQLite", targets: ["EventoSQLite"]),
    .library(name: "EventoPostgreSQL", targets: ["EventoPostgreSQL"]),
    .library(name: "EventoHTTP", targets: ["EventoHTTP"]),
    .library(name: "EventoTesting", targets: ["EventoTesting"]),
    .executable(name: "evento-gateway", targets: ["evento-gateway"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.0"),
  ],
  targets: [
    .systemLibrary(
      name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"]), .brew(["sqlite3"])]),
    .systemLibrary(
      name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"]), .brew(["curl"])]),
    .target(name: "CSocketPolling"),
    .target(name: "CAllocator"),
    .target(name: "CChecksum"),
    // Declarations only: a gateway loads zlib when it starts.
    .target(name: "CZlib"),

    .target(name: "ByteCoding", dependencies: ["CChecksum"], swiftSettings: settings),
    .target(name: "SharedLibrary", swiftSettings: settings),
    .target(name: "Evento", dependencies: ["ByteCoding", log], swiftSettings: settings),
    .target(name: "EventoWire", dependencies: ["ByteCoding", "Evento"], swiftSettings: settings),
    .target(name: "EventoStorage", dependencies: ["ByteCoding", "Evento", deque], swiftSettings: settings),
    .target(
      name: "EventoExport", dependencies: ["ByteCoding", "Evento", "EventoStorage", "EventoWire"],
      swiftSettings: settings),
    .target(
      name: "EventoSQLite", dependencies: ["CSQLite", "Evento", "EventoStorage", deque], swiftSettings: settings),
    // It loads libpq when it runs.
    .target(
      name: "EventoPostgreSQL", dependencies: ["ByteCoding", "Evento", "EventoStorage", "SharedLibrary", deque],
      swiftSettings: settings),
    .target(
      name: "EventoHTTP", dependencies: ["ByteCoding", "CCurl", "Evento", "EventoWire", log], swiftSettings: settings),
    // Without package access, so that what it makes of Evento, an executor among it, others can make too.
    .target(name: "EventoTesting", dependencies: ["Evento"], packageAccess: false, swiftSettings: settings),
    .target(name: "HTTPServer", dependencies: ["ByteCoding", "CSocketPolling", deque], swiftSettings: settings),
    .target(
      name: "EventoGateway",
      dependencies: ["ByteCoding", "CZlib", "Evento", "EventoWire", "HTTPServer", "SharedLibrary", deque, log],
      resources: [.embedInCode("openapi.yaml")], swiftSettings: settings),
    .executableTarget(
      name: "evento-gateway",
      dependencies: [
        "ByteCoding", "CAllocator", "Evento", "EventoExport", "EventoGateway", "EventoHTTP", "EventoPostgreSQL",
        "EventoSQLite", "EventoStorage", "EventoWire", "HTTPServer",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        log,
      ],
      swiftSettings: settings),
    .executableTarget(
      name: "wire-benchmark", dependencies: ["ByteCoding", "Evento", "EventoWire"], path: "Benchmarks/Wire",
      swiftSettings: settings),

    .testTarget(name: "ByteCodingTests", dependencies: ["ByteCoding"], swiftSettings: settings),
    .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: settings),
    .testTarget(name: "TestSupportTests", dependencies: ["TestSupport"], swiftSettings: settings),
    .testTarget(
      name: "EventoTests", dependencies: ["ByteCoding", "Evento", "EventoSQLite", "EventoTesting", log],
      swiftSettings: settings),
    .testTarget(
      name: "EventoWireTests", dependencies: ["ByteCoding", "Evento", "EventoWire"], swiftSettings: settings),
    .testTarget(
      name: "EventoStorageTests",
      dependencies: ["Evento", "EventoPostgreSQL", "EventoSQLite", "EventoStorage", "EventoTesting", "TestSupport"],
      swiftSettings: settings),
    .testTarget(
      name: "EventoExportTests",
      dependencies: ["ByteCoding", "Evento", "EventoExport", "EventoSQLite", "EventoTesting"],
      swiftSettings: settings),
    .testTarget(
      name: "EventoSQLiteTests",
      dependencies: ["ByteCoding", "CSQLite", "EventoSQLite", "EventoStorage", "EventoTesting"],
      swiftSettings: settings),
    .testTarget(
      name: "EventoPostgreSQLTests",
      dependencies: [
        "Evento", "EventoGateway", "EventoPostgreSQL", "EventoStorage", "HTTPServer", "TestSupport", log,
      ],
      swiftSettings: settings),
    .testTarget(
      name: "EventoHTTPTests",
      dependencies: [
        "Evento", "EventoGateway", "EventoHTTP", "EventoSQLite", "EventoWire", "HTTPServer",
        log,
      ],
      swiftSettings: settings),
    .testTarget(name: "EventoTestingTests", dependencies: ["EventoTesting"], swiftSettings: settings),
    .testTarget(name: "HTTPServerTests", dependencies: ["ByteCoding", "HTTPServer"], swiftSettings: settings),
    .testTarget(
      name: "EventoGatewayTests",
      dependencies: [
        "ByteCoding", "CZlib", "Evento", "EventoGateway", "EventoPostgreSQL", "EventoSQLite", "HTTPServer",
        "SharedLibrary", "TestSupport",
        log, .product(name: "Yams", package: "Yams"),
      ],
      swiftSettings: settings),
    .testTarget(
      name: "ConformanceTests",
      dependencies: [
        "EventoGateway", "EventoHTTP", "EventoPostgreSQL", "EventoSQLite", "EventoTesting", "HTTPServer",
        "TestSupport", log,
      ],
      swiftSettings: settings),
    .testTarget(
      name: "EndToEndTests",
      dependencies: ["EventoHTTP", "EventoSQLite", "EventoTesting", "TestSupport", "evento-gateway"],
      swiftSettings: settings),
  ]
)
