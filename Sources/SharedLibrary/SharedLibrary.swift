#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

/// A shared library that is loaded when the program runs, and stays loaded until the process ends.
///
/// So the build does not need its headers, and a program that does not use it does not need the library.
package struct SharedLibrary {
  /// The reason why a library can't be used.
  package enum LoadError: Error, CustomStringConvertible {
    /// None of its names can be loaded: the errors of the system.
    case missing([String])
    case noFunction(String, library: String)

    package var description: String {
      switch self {
      case .missing(let errors): errors.joined(separator: "; ")
      case .noFunction(let name, let library): "\(library) has no function \(name)"
      }
    }
  }

  private let handle: UnsafeMutableRawPointer
  private let name: String

  /// - Parameter names: The names or paths to try, in this order.
  package init(names: [String]) throws(LoadError) {
    var errors: [String] = []
    for name in names {
      if let handle = dlopen(name, RTLD_NOW | RTLD_LOCAL) {
        self.handle = handle
        self.name = name
        return
      }
      errors.append(dlerror().map { String(cString: $0) } ?? name)
    }
    throw .missing(errors)
  }

  /// - Parameter name: A function whose type in C is that of the result.
  package func function<Function>(_ name: String) throws(LoadError) -> Function {
    guard let address = dlsym(handle, name) else { throw .noFunction(name, library: self.name) }
    // An address of C code is all that a `@convention(c)` function is.
    return unsafeBitCast(address, to: Function.self)
  }
}
