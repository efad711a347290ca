#if defined(__linux__)
#define _GNU_SOURCE
#endif

#include "CSocketPolling.h"

#if defined(__linux__)

#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/socket.h>

int socket_polling_create(void) { return epoll_create1(EPOLL_CLOEXEC); }

static int add(int poller, int descriptor, uint64_t token, uint32_t events) {
  struct epoll_event event = {.events = events, .data = {.u64 = token}};
  return epoll_ctl(poller, EPOLL_CTL_ADD, descriptor, &event);
}

int socket_polling_add_connection(int poller, int descriptor, uint64_t token) {
  return add(poller, descriptor, token, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET);
}

int socket_polling_add_listener(int poller, int descriptor, uint64_t token) {
  return add(poller, descriptor, token, EPOLLIN | EPOLLEXCLUSIVE);
}

int socket_polling_remove(int poller, int descriptor) {
  struct epoll_event unused = {0};
  return epoll_ctl(poller, EPOLL_CTL_DEL, descriptor, &unused);
}

int socket_polling_wait(int poller, socket_polling_event *events, int capacity, int timeout_milliseconds) {
  struct epoll_event found[256];
  int limit = capacity < 256 ? capacity : 256;
  int count = epoll_wait(poller, found, limit, timeout_milliseconds);
  for (int i = 0; i < count; i++) {
    uint32_t flags = 0;
    if (found[i].events & EPOLLIN) flags |= SOCKET_POLLING_READABLE;
    if (found[i].events & EPOLLOUT) flags |= SOCKET_POLLING_WRITABLE;
    if (found[i].events & EPOLLRDHUP) flags |= SOCKET_POLLING_PEER_FINISHED;
    if (found[i].events & (EPOLLERR | EPOLLHUP)) flags |= SOCKET_POLLING_BROKEN;
    events[i] = (socket_polling_event){.token = found[i].data.u64, .flags = flags};
  }
  return count;
}

short socket_polling_end(void) { return POLLRDHUP; }

int socket_polling_accept(int listener, void *peer, uint32_t *length) {
  return accept4(listener, peer, length, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

void socket_polling_name_thread(const char *name) { pthread_setname_np(pthread_self(), name); }

#endif
