import Foundation
import TestSupport

/// A terminal: what a command writes to `command` is read from `reader`.
struct Terminal {
  let reader: FileHandle
  let command: FileHandle

  init() throws {
    let number = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
    let other = open(try Self.path(of: number), O_RDWR | O_NOCTTY | O_CLOEXEC)
    guard number >= 0, other >= 0 else { throw RawConnection.Failure(description: "no terminal: errno \(errno)") }
    reader = FileHandle(fileDescriptor: number, closeOnDealloc: true)
    command = FileHandle(fileDescriptor: other, closeOnDealloc: true)
  }

  /// Of the side that a command has, which is unlocked.
  private static func path(of number: Int32) throws -> String {
    #if os(Linux)
      // TIOCSPTLCK and TIOCGPTN (ioctl_tty(2)), since Swift does not see unlockpt(3) and ptsname(3) there.
      var (lock, index): (Int32, UInt32) = (0, 0)
      guard ioctl(number, 0x4004_5431, &lock) == 0, ioctl(number, 0x8004_5430, &index) == 0 else {
        throw RawConnection.Failure(description: "no terminal: errno \(errno)")
      }
      return "/dev/pts/\(index)"
    #else
      guard grantpt(number) == 0, unlockpt(number) == 0, let name = ptsname(number) else {
        throw RawConnection.Failure(description: "no terminal: errno \(errno)")
      }
      return String(cString: name)
    #endif
  }
}
