#ifndef CSOCKETPOLLING_H
#define CSOCKETPOLLING_H

// epoll, accept4, POLLRDHUP and names of threads for Swift, which can't import a packed union or what stands behind
// _GNU_SOURCE.
#if defined(__linux__)

#include <stdint.h>

enum {
  SOCKET_POLLING_READABLE = 1,
  SOCKET_POLLING_WRITABLE = 2,
  /// The peer has sent all that it will.
  SOCKET_POLLING_PEER_FINISHED = 4,
  /// The connection is gone, in both directions.
  SOCKET_POLLING_BROKEN = 8,
};

typedef struct {
  uint64_t token;
  uint32_t flags;
} socket_polling_event;

/// Each of these returns -1 and sets errno on failure.
int socket_polling_create(void);

/// Reports every change of a connection's state once.
int socket_polling_add_connection(int poller, int descriptor, uint64_t token);

/// Reports for as long as there is something to read; of several pollers, to few.
int socket_polling_add_listener(int poller, int descriptor, uint64_t token);

int socket_polling_remove(int poller, int descriptor);

/// The count of events, at most `capacity` and at most 256.
int socket_polling_wait(int poller, socket_polling_event *events, int capacity, int timeout_milliseconds);

/// `POLLRDHUP` of poll(2): the peer has sent all that it will.
short socket_polling_end(void);

/// A connection that does not block and is closed on exec; `peer` is a `sockaddr` of at most `*length` bytes.
int socket_polling_accept(int listener, void *peer, uint32_t *length);

/// Names the calling thread, for `top -H` and debuggers: at most 15 bytes (pthread_setname_np(3)).
void socket_polling_name_thread(const char *name);

#endif
#endif
