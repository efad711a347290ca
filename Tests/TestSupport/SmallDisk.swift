package import Foundation
package import Testing

/// A file system in memory that can be filled (https://man7.org/linux/man-pages/man5/tmpfs.5.html), for PostgreSQL's user.
package final class SmallDisk: Sendable {
  /// An empty folder on it.
  package let folder: URL
  private let root: URL
  private let ballast: URL

  /// - Parameter megabytes: Its size.
  package init(megabytes: Int) throws {
    root = FileManager.default.temporaryDirectory.appending(path: "evento-disk-\(UUID().uuidString.prefix(8))")
    try FileManager.default.createDirectory(at: root, withIntermediateDirectories: true)
    (folder, ballast) = (root.appending(path: "data"), root.appending(path: "ballast"))
    try Self.run("mount", "-t", "tmpfs", "-o", "size=\(megabytes)m", "none", root.path())
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try Self.run("chown", "-R", "postgres", root.path())
  }

  /// Takes space.
  package func fill(megabytes: Int) throws {
    try Data(count: megabytes << 20).write(to: ballast)
  }

  /// Frees that space.
  package func free() throws {
    try FileManager.default.removeItem(at: ballast)
  }

  /// Call it when nothing uses the disk.
  package func remove() throws {
    try Self.run("umount", root.path())
    try FileManager.default.removeItem(at: root)
  }

  /// True if this process may mount file systems.
  package static let isAvailable: Bool = {
    guard let disk = try? SmallDisk(megabytes: 1) else { return false }
    return (try? disk.remove()) != nil
  }()

  private static func run(_ arguments: String...) throws {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = arguments
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw RawConnection.Failure(
        description: "\(arguments.joined(separator: " ")): status \(process.terminationStatus)")
    }
  }
}

extension Trait where Self == ConditionTrait {
  /// Skips the tests where file systems can't be mounted, and prints why.
  package static var needsSmallDisk: Self {
    .enabled(if: SmallDisk.isAvailable, "a file system can only be mounted by root, and not in every container")
  }
}
