internal import Glibc

/// Takes the place of `Synchronization.Mutex` in a build for ThreadSanitizer, which on Linux does not see the lock of the
/// standard library and reports a race in every body of `withLock`. A mutex of pthreads it sees.
struct Mutex<Value>: ~Copyable, @unchecked Sendable {
  private final class Box {
    let value: UnsafeMutablePointer<Value>
    let lock: UnsafeMutablePointer<pthread_mutex_t>

    init(_ value: consuming Value) {
      self.value = .allocate(capacity: 1)
      self.value.initialize(to: value)
      lock = .allocate(capacity: 1)
      lock.initialize(to: pthread_mutex_t())
      pthread_mutex_init(lock, nil)
    }

    deinit {
      pthread_mutex_destroy(lock)
      lock.deallocate()
      value.deinitialize(count: 1)
      value.deallocate()
    }
  }

  private let box: Box

  init(_ value: consuming sending Value) {
    box = Box(value)
  }

  borrowing func withLock<Result, Failure: Error>(
    _ body: (inout sending Value) throws(Failure) -> sending Result
  ) throws(Failure) -> sending Result {
    pthread_mutex_lock(box.lock)
    defer { pthread_mutex_unlock(box.lock) }
    nonisolated(unsafe) let value = box.value
    return try body(&value.pointee)
  }
}
