#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The advice for a system error on a database's files.
struct SystemErrorAdvice {
  let text: String

  /// Returns the advice for an error.
  ///
  /// - Parameter error: An `errno`.
  /// - Returns: `nil` for 0.
  init?(_ error: Int32) {
    switch error {
    case 0: return nil
    case ENOSPC: text = "Free some space on its disk."
    case EDQUOT: text = "Free some space, or raise the disk quota."
    case EFBIG: text = "Raise the limit on the size of files (ulimit -f)."
    case EROFS: text = "Mount its file system for writing."
    case EMFILE: text = "Raise the limit on open files (ulimit -n)."
    case ENFILE: text = "Raise the system's limit on open files (fs.file-max)."
    case ENOLCK: text = "Put it on a local disk: its file system does not lock files."
    case EACCES, EPERM: text = "Check its permissions and those of its folder."
    case ENOMEM: text = "Give the process more memory."
    default: text = "Check its disk."
    }
  }
}
