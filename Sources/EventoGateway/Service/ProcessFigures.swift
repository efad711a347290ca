internal import HTTPServer

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// The numbers of the process that the client libraries of Prometheus report, under their names:
/// https://prometheus.io/docs/instrumenting/writing_clientlibs/#process-metrics
///
/// Those of `/proc` are `nil` on a system without it.
struct ProcessFigures {
  /// User and system time, in seconds.
  let processorSeconds: Double
  let virtualBytes: Int?
  let residentBytes: Int?
  let openDescriptors: Int?
  let descriptorLimit: Int?

  /// Reads the current numbers.
  ///
  /// - Complexity: O(*n*) in the number of descriptors. Do not call it on an event loop.
  init() {
    var usage = rusage()
    #if canImport(Glibc)
      getrusage(RUSAGE_SELF.rawValue, &usage)
    #else
      getrusage(RUSAGE_SELF, &usage)
    #endif
    processorSeconds = Self.seconds(usage.ru_utime) + Self.seconds(usage.ru_stime)
    let pages = Self.words(of: "/proc/self/statm").compactMap { Int($0) }
    let pageSize = Int(sysconf(Int32(_SC_PAGESIZE)))
    (virtualBytes, residentBytes) = pages.count > 1 ? (pages[0] * pageSize, pages[1] * pageSize) : (nil, nil)
    openDescriptors = Self.entryCount(of: "/proc/self/fd")
    descriptorLimit = DescriptorLimit.current
  }

  private static func seconds(_ time: timeval) -> Double {
    Double(time.tv_sec) + Double(time.tv_usec) / 1e6
  }

  /// The time when the process started, in Unix seconds; `nil` without `/proc`.
  ///
  /// Since the boot, in ticks: proc_pid_stat(5).
  static var startSeconds: Double? {
    #if os(Linux)
      // The command's name, in parentheses, can contain blanks. The state after it is field 3.
      let fields = text(of: "/proc/self/stat").split(separator: ")").last?.split(separator: " ") ?? []
      guard fields.count > 19, let ticks = Double(fields[19]) else { return nil }
      let age = now(CLOCK_BOOTTIME) - ticks / Double(sysconf(Int32(_SC_CLK_TCK)))
      return now(CLOCK_REALTIME) - age
    #else
      return nil
    #endif
  }

  #if os(Linux)
    private static func now(_ clock: clockid_t) -> Double {
      var time = timespec()
      clock_gettime(clock, &time)
      return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
  #endif

  private static func words(of path: String) -> [Substring] {
    text(of: path).split(separator: " ")
  }

  /// Returns the beginning of a file of `/proc`, which is one line; empty if it can't be read.
  private static func text(of path: String) -> String {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return "" }
    defer { close(descriptor) }
    return withUnsafeTemporaryAllocation(byteCount: 1024, alignment: 1) { buffer in
      let count = read(descriptor, buffer.baseAddress, buffer.count)
      return String(decoding: UnsafeRawBufferPointer(rebasing: buffer[..<max(count, 0)]), as: UTF8.self)
    }
  }

  /// Returns the number of entries of a folder, without itself and the one above, and without the descriptor that reads
  /// it.
  private static func entryCount(of path: String) -> Int? {
    guard let folder = opendir(path) else { return nil }
    defer { closedir(folder) }
    var count = 0
    while readdir(folder) != nil { count += 1 }
    return max(count - 3, 0)
  }
}
