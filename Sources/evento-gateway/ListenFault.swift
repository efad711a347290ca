internal import Foundation
internal import HTTPServer

/// An address that `serve` can't listen on, and the option that names another.
struct ListenFault: Error, CustomStringConvertible {
  let description: String

  static func explaining<Value>(_ body: () throws -> Value) throws -> Value {
    do {
      return try body()
    } catch let error as SystemError {
      throw ListenFault(description: "Can't \(error)\(advice(error).map { ". \($0)" } ?? ".")")
    }
  }

  private static func advice(_ error: SystemError) -> String? {
    let isUnixSocket = error.operation.contains("Unix socket")
    switch error.code {
    case EADDRINUSE where isUnixSocket: return "Another process listens there: name another path with --unix-socket."
    case EADDRINUSE: return "Choose another port with --port, or stop the process that uses this one."
    case EACCES where !isUnixSocket: return "Ports below 1024 need a privilege: choose another with --port."
    case EADDRNOTAVAIL: return "This machine does not have that address: choose another with --host."
    case EEXIST where isUnixSocket: return "A file that is not a socket is there: name another path with --unix-socket."
    default: return nil
    }
  }
}
