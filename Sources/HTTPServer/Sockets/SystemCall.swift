#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// A system call that failed.
package struct SystemError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The subject of a call.
  package enum Subject: Sendable, Equatable {
    case port
    case unixSocket(path: String)
    /// A look-up of a name's addresses.
    case lookUp
    case other
  }

  /// The attempted operation, such as `listen on 127.0.0.1 port 80`.
  package let operation: String
  /// The value of `errno`; for a look-up, that of `getaddrinfo`.
  package let code: Int32
  package let subject: Subject

  init(_ operation: String, _ code: Int32, on subject: Subject = .other) {
    self.operation = operation
    self.code = code
    self.subject = subject
  }

  /// The attempted operation, and the system's text for the error.
  package var description: String {
    "\(operation): \(subject == .lookUp ? String(cString: gai_strerror(code)) : Self.text(code))"
  }

  private static func text(_ code: Int32) -> String {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
      buffer.initialize(repeating: 0)
      // Thread-safe, unlike strerror.
      guard let start = buffer.baseAddress, strerror_r(code, start, buffer.count) == 0 else { return "error \(code)" }
      return String(cString: start)
    }
  }
}

/// Makes a system call, repeats it while signals interrupt it, and returns its result or the value of `errno`.
@inline(__always)
func systemCall<Value: SignedInteger>(_ call: () -> Value) -> Result<Value, Errno> {
  while true {
    let value = call()
    guard value == -1 else { return .success(value) }
    let code = errno
    guard code == EINTR else { return .failure(Errno(code)) }
  }
}

/// The value of `errno` after a call.
struct Errno: Error, Equatable {
  let code: Int32

  init(_ code: Int32) {
    self.code = code
  }

  /// The error of the last call.
  static var last: Errno { Errno(errno) }

  /// True if a non-blocking call would have had to block.
  var wouldBlock: Bool { code == EAGAIN || code == EWOULDBLOCK }

  /// True if a signal interrupted the call.
  var isInterruption: Bool { code == EINTR }

  func during(_ operation: String) -> SystemError {
    SystemError(operation, code)
  }
}

extension Result where Failure == Errno {
  func orThrow(
    _ operation: @autoclosure () -> String, on subject: @autoclosure () -> SystemError.Subject = .other
  ) throws(SystemError) -> Success {
    switch self {
    case .success(let value): return value
    case .failure(let error): throw SystemError(operation(), error.code, on: subject())
    }
  }
}
