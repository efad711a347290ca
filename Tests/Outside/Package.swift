// swift-tools-version: 6.2
import PackageDescription

// A package outside evento, as its users write them: what the README shows, built against what is public, also in a release
// build. `.ci/run` builds and runs it.
let package = Package(
  name: "shop",
  platforms: [.macOS(.v15)],
  dependencies: [
    .package(name: "evento", path: "../..")  // a clone of this repository, wherever it is
  ],
  targets: [
    .executableTarget(
      name: "shop",
      dependencies: [
        .product(name: "Evento", package: "evento"),
        .product(name: "EventoSQLite", package: "evento"),  // a store in this process
        .product(name: "EventoHTTP", package: "evento"),  // a gateway elsewhere
      ])
  ]
)

let products = ["Evento", "EventoSQLite", "EventoPostgreSQL", "EventoHTTP", "EventoTesting"].map {
  Target.Dependency.product(name: $0, package: "evento")
}
package.targets.append(.testTarget(name: "OutsideTests", dependencies: products))
