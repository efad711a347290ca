import Foundation

/// The connections of this machine to a port, as the kernel has them.
enum TCPConnections {
  /// How many ends there are that a program has not closed.
  ///
  /// - Parameters:
  ///   - baseURL: with the port of a server on 127.0.0.1.
  ///   - side: whose ends.
  static func open(_ baseURL: String, _ side: Side) throws -> Int {
    guard let port = URL(string: baseURL)?.port else { return 0 }
    let suffix = String(format: ":%04X", port)
    // Not that of `self`, which is gone where the first thread of the process has ended.
    let file = try FileHandle(forReadingFrom: URL(filePath: "/proc/thread-self/net/tcp"))
    // A file of no size: Foundation's shorter ways read its first part alone.
    let table = String(decoding: try file.readToEnd() ?? Data(), as: UTF8.self)
    let ends = table.split(separator: "\n").dropFirst().compactMap { line -> [Substring]? in
      // sl, local address, remote address, state: proc(5). 01 is ESTABLISHED, 08 is CLOSE_WAIT.
      let fields = line.split(separator: " ")
      guard fields.count > 3, fields[3] == "01" || fields[3] == "08" else { return nil }
      return fields[side == .server ? 1 : 2].hasSuffix(suffix) ? Array(fields[1...2]) : nil
    }
    // Others come and go while the table is read, part by part, and one of ours may be read twice.
    return Set(ends).count
  }

  enum Side {
    case client
    case server
  }
}
