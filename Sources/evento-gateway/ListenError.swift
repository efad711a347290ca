internal import Foundation
internal import HTTPServer

/// An address that `serve` can't listen on, and the setting that names another.
struct ListenError: Error, CustomStringConvertible {
  let description: String

  static func explaining<Value>(_ body: () throws -> Value) throws -> Value {
    do {
      return try body()
    } catch let error as SystemError {
      throw ListenError(description: "Can't \(error).\(advice(error).map { " \($0)" } ?? "")")
    }
  }

  private static func advice(_ error: SystemError) -> String? {
    func setting(_ option: String) -> String { EnvironmentArguments.givenName(of: option) }
    switch (error.subject, error.code) {
    case (.lookUp, _): return "Check the name, or give an IP address with \(setting("--host"))."
    case (.unixSocket, EADDRINUSE):
      return "Another process listens there. Name another path with \(setting("--unix-socket"))."
    case (.unixSocket, EEXIST):
      return "A file that is not a socket is there. Name another path with \(setting("--unix-socket"))."
    case (.unixSocket(let path), ENAMETOOLONG):
      return
        "The path has \(path.utf8.count) bytes, but at most \(SystemError.longestSocketPath) are possible. Name a shorter one with "
        + "\(setting("--unix-socket"))."
    case (.unixSocket(let path), ENOENT):
      return "The folder \(folder(of: path)) does not exist. Create it first."
    case (.port, EADDRINUSE):
      return "Choose another port with \(setting("--port")), or stop the process that uses this one."
    case (.port, EACCES): return "Ports below 1024 need a privilege. Choose another with \(setting("--port"))."
    case (.port, EADDRNOTAVAIL):
      return "This machine does not have that address. Choose another with \(setting("--host"))."
    default: return nil
    }
  }

  private static func folder(of path: String) -> String {
    URL(fileURLWithPath: path).deletingLastPathComponent().relativePath
  }
}
