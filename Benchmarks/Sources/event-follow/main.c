// Followers of the log, and writes at a steady pace whose payload says when they were sent. Measures from there to the
// receipt by each follower, which is a little more than from the commit. One thread; prints one JSON object.
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "histogram.h"

enum { WRITERS = 16, BUFFER_SIZE = 1 << 16, CARRY = 64, STAMP = 19, READY_AT_ONCE = 256 };

/// What stands before the time in an event's payload.
static const char mark[] = "\"data\":{\"t\":\"";
enum { MARK = sizeof mark - 1 };

typedef struct {
  int descriptor;
  bool is_writer;
  bool is_busy;
  size_t carried;
  char carry[CARRY];  // the end of what came last: a payload may come in two pieces
} peer;

typedef struct {
  histogram latencies;
  uint64_t received, received_bytes, sent, skipped, answered, errors;
} tally;

static const char usage[] =
  "event-follow --port PORT [--followers N] [--writes A_SECOND] [--seconds S] [--target TARGET] [--write-port PORT]\n"
  "  --target: of the stream, /events/stream?after=now where it is left out\n"
  "  --write-port: of another gateway on the same database, where the writes go\n";

static int connect_to(const char *port) {
  struct sockaddr_in address = {
    .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port)), .sin_addr = {htonl(INADDR_LOOPBACK)}};
  int descriptor = socket(AF_INET, SOCK_STREAM, 0), on = 1;
  if (descriptor < 0 || connect(descriptor, (struct sockaddr *)&address, sizeof address) != 0) {
    perror("connect");
    exit(1);
  }
  setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return descriptor;
}

static void send_all(int descriptor, const char *bytes, size_t length) {
  if (send(descriptor, bytes, length, MSG_NOSIGNAL) != (ssize_t)length) {
    perror("send");
    exit(1);
  }
}

static void open_peer(peer *p, int poller, const char *port, bool is_writer) {
  *p = (peer){.descriptor = connect_to(port), .is_writer = is_writer};
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = p};
  epoll_ctl(poller, EPOLL_CTL_ADD, p->descriptor, &event);
}

static void follow(peer *p, const char *target) {
  char request[1024];
  int length = snprintf(
    request, sizeof request, "GET %s HTTP/1.1\r\nHost: localhost\r\nAccept: application/x-ndjson\r\n\r\n", target);
  send_all(p->descriptor, request, (size_t)length);
  char head[32];
  // The head comes at once, also where there is nothing to follow yet.
  if (recv(p->descriptor, head, 12, MSG_WAITALL) != 12 || memcmp(head, "HTTP/1.1 200", 12) != 0) {
    fprintf(stderr, "a stream was refused: %.12s\n", head);
    exit(1);
  }
  fcntl(p->descriptor, F_SETFL, O_NONBLOCK);
}

static void write_event(peer *p, uint64_t number) {
  char request[512], body[256];
  int length = snprintf(
    body, sizeof body,
    "{\"events\":[{\"aggregator_type\":\"bank/Followed\",\"aggregator_id\":\"follow-%llu\",\"name\":\"MoneyDeposited\","
    "\"data\":{\"t\":\"%019llu\"}}]}",
    (unsigned long long)number / 8, (unsigned long long)now_nanoseconds());
  int total = snprintf(
    request, sizeof request,
    "POST /events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
    length, body);
  send_all(p->descriptor, request, (size_t)total);
  p->is_busy = true;
}

static void receive_events(peer *p, tally *t, char *buffer, uint64_t from) {
  for (;;) {
    memcpy(buffer, p->carry, p->carried);
    ssize_t got = recv(p->descriptor, buffer + p->carried, BUFFER_SIZE - CARRY, 0);
    if (got < 0) return;
    if (got == 0) {
      t->errors++;
      close(p->descriptor);
      return;
    }
    t->received_bytes += (uint64_t)got;
    uint64_t now = now_nanoseconds();
    const char *at = buffer, *end = buffer + p->carried + got, *found;
    while ((found = memmem(at, (size_t)(end - at), mark, MARK)) != NULL && found + MARK + STAMP <= end) {
      uint64_t sent = strtoull(found + MARK, NULL, 10);
      if (sent >= from) {
        histogram_add(&t->latencies, now - sent);
        t->received++;
      }
      at = found + MARK + STAMP;
    }
    // What a mark and its time need may still be coming; what was counted must not be seen again.
    size_t rest = (size_t)(end - at);
    p->carried = rest < MARK + STAMP - 1 ? rest : MARK + STAMP - 1;
    memmove(p->carry, end - p->carried, p->carried);
  }
}

static void receive_answer(peer *p, tally *t, char *buffer) {
  // An answer to a write of one event comes in one piece.
  ssize_t got = recv(p->descriptor, buffer, BUFFER_SIZE, 0);
  if (got < 12 || memcmp(buffer + 9, "201", 3) != 0) t->errors++;
  t->answered++;
  p->is_busy = false;
}

static peer *idle_writer(peer *writers) {
  for (unsigned i = 0; i < WRITERS; i++) {
    if (!writers[i].is_busy) return &writers[i];
  }
  return NULL;
}

int main(int count, char **arguments) {
  const char *port = "8080", *write_port = NULL, *target = "/events/stream?after=now";
  unsigned followers = 100;
  double writes = 500, seconds = 3;
  static const struct option names[] = {
    {"port", 1, 0, 'p'}, {"followers", 1, 0, 'f'}, {"writes", 1, 0, 'w'},
    {"seconds", 1, 0, 's'}, {"target", 1, 0, 't'},  {"write-port", 1, 0, 'o'}, {0},
  };
  for (int option; (option = getopt_long(count, arguments, "", names, NULL)) != -1;) {
    switch (option) {
      case 'p': port = optarg; break;
      case 'f': followers = (unsigned)atoi(optarg); break;
      case 'w': writes = atof(optarg); break;
      case 's': seconds = atof(optarg); break;
      case 't': target = optarg; break;
      case 'o': write_port = optarg; break;
      default: fputs(usage, stderr); return 2;
    }
  }
  int poller = epoll_create1(0);
  peer *peers = calloc(followers + WRITERS, sizeof *peers), *writers = peers + followers;
  static tally t;
  char *buffer = malloc(BUFFER_SIZE + CARRY);
  for (unsigned i = 0; i < followers; i++) {
    open_peer(&peers[i], poller, port, false);
    follow(&peers[i], target);
  }
  for (unsigned i = 0; i < WRITERS; i++) open_peer(&writers[i], poller, write_port ? write_port : port, true);
  int timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
  if (writes > 0) {
    long interval = (long)(1e9 / writes);
    struct timespec every = {interval / 1000000000, interval % 1000000000};
    timerfd_settime(timer, 0, &(struct itimerspec){every, every}, NULL);
  }
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
  epoll_ctl(poller, EPOLL_CTL_ADD, timer, &event);

  uint64_t start = now_nanoseconds(), warm = start + 500000000u;
  uint64_t end = warm + (uint64_t)(seconds * 1e9), last = end + 500000000u;
  uint64_t counted_from = t.sent;
  for (uint64_t now = start; now < last; now = now_nanoseconds()) {
    struct epoll_event ready[READY_AT_ONCE];
    int events = epoll_wait(poller, ready, READY_AT_ONCE, 100);
    for (int i = 0; i < events; i++) {
      peer *p = ready[i].data.ptr;
      if (p != NULL) {
        if (p->is_writer) receive_answer(p, &t, buffer);
        else receive_events(p, &t, buffer, warm);
        continue;
      }
      uint64_t due = 0;
      if (read(timer, &due, sizeof due) != sizeof due) continue;
      for (now = now_nanoseconds(); due > 0 && now < end; due--) {
        peer *writer = idle_writer(writers);
        if (writer == NULL) {
          t.skipped += due;
          break;
        }
        if (now < warm) counted_from++;
        write_event(writer, t.sent++);
      }
    }
  }
  double expected = (double)(t.sent - counted_from) * followers;
  printf(
    "{\"mode\":\"follow\",\"followers\":%u,\"rate\":%.1f,\"deliveries_rate\":%.1f,\"received_share\":%.6f,\"received_mb_rate\":%.1f,"
    "\"skipped\":%llu,\"errors\":%llu,\"p50_us\":%.1f,\"p99_us\":%.1f,\"p999_us\":%.1f}\n",
    followers, (double)(t.sent - counted_from) / seconds, (double)t.received / seconds,
    expected > 0 ? (double)t.received / expected : 1, (double)t.received_bytes / seconds / 1e6,
    (unsigned long long)t.skipped, (unsigned long long)t.errors,
    (double)histogram_quantile(&t.latencies, 0.5) / 1e3, (double)histogram_quantile(&t.latencies, 0.99) / 1e3,
    (double)histogram_quantile(&t.latencies, 0.999) / 1e3);
  return t.errors > 0;
}
