// A closed-loop HTTP load driver: as many requests under way as there are connections, one thread, bounded in time.
// Prints one JSON object.
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include "client.h"
#include "histogram.h"
#include "source.h"

typedef struct {
  source_options source;
  const char *port;
  double seconds;
  double warm_up;
  uint64_t count;  // of requests, in place of a time; 0: none
} options;

typedef struct {
  histogram latencies;
  uint64_t answers;
  uint64_t events;
  uint64_t statuses[6];  // by their first digit
  uint64_t failures;
} tally;

enum { BUFFER_SIZE = 1 << 18, READY_AT_ONCE = 256 };

static const char usage[] =
  "event-load MODE --port PORT [--host HOST] [--connections N] [--seconds S] [--warm-up S] [--count N]\n"
  "  get       --path TARGET | --paths FILE (a target a line, taken at random)\n"
  "  write     [--events N a request] [--payload BYTES] [--prefix TEXT of the aggregates' ids]\n"
  "  conflict  writes that are refused\n"
  "  snapshot  --path CURSOR\n"
  "  post      --path TARGET --body FILE\n"
  "  mixed     get and write, --write-share PERCENT\n";

static options read_options(int count, char **arguments) {
  options o = {
    .source = {.host = "127.0.0.1", .path = "/healthz", .prefix = "a", .connections = 1, .events = 1, .payload = 200,
               .write_share = 10},
    .port = "8080", .seconds = 3, .warm_up = 0.5,
  };
  static const struct option names[] = {
    {"host", 1, 0, 'h'},    {"port", 1, 0, 'p'},   {"connections", 1, 0, 'c'}, {"seconds", 1, 0, 's'},
    {"warm-up", 1, 0, 'w'}, {"count", 1, 0, 'n'},  {"path", 1, 0, 'g'},        {"paths", 1, 0, 'G'},
    {"events", 1, 0, 'e'},  {"payload", 1, 0, 'b'}, {"prefix", 1, 0, 'a'},     {"write-share", 1, 0, 'm'},
    {"body", 1, 0, 'B'}, {0},
  };
  for (int option; (option = getopt_long(count, arguments, "", names, NULL)) != -1;) {
    switch (option) {
      case 'h': o.source.host = optarg; break;
      case 'p': o.port = optarg; break;
      case 'c': o.source.connections = (unsigned)atoi(optarg); break;
      case 's': o.seconds = atof(optarg); break;
      case 'w': o.warm_up = atof(optarg); break;
      case 'n': o.count = strtoull(optarg, NULL, 10); break;
      case 'g': o.source.path = optarg; break;
      case 'G': o.source.paths = optarg; break;
      case 'e': o.source.events = (unsigned)atoi(optarg); break;
      case 'b': o.source.payload = (unsigned)atoi(optarg); break;
      case 'a': o.source.prefix = optarg; break;
      case 'B': o.source.body = optarg; break;
      case 'm': o.source.write_share = (unsigned)atoi(optarg); break;
      default: fputs(usage, stderr); exit(2);
    }
  }
  if (optind != count - 1 || o.source.connections == 0 || o.source.events == 0) {
    fputs(usage, stderr);
    exit(2);
  }
  o.source.mode = arguments[optind];
  return o;
}

static void watch(int poller, client *c, int operation) {
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
  if (c->wants_to_write) event.events |= EPOLLOUT;
  if (epoll_ctl(poller, operation, c->descriptor, &event) != 0) {
    perror("epoll_ctl");
    exit(1);
  }
}

/// Goes on sending; is told when the socket takes more only while there is more.
static bool send_more(int poller, client *c) {
  if (!client_send(c)) return false;
  bool wants = c->sent < c->sending.length;
  if (wants != c->wants_to_write) {
    c->wants_to_write = wants;
    watch(poller, c, EPOLL_CTL_MOD);
  }
  return true;
}

static bool begin(int poller, client *c, unsigned index, source *requests, uint64_t now) {
  requests->next(requests, index, &c->sending);
  c->sent = 0;
  c->began = now;
  return send_more(poller, c);
}

static double cpu_seconds(void) {
  struct rusage used;
  getrusage(RUSAGE_SELF, &used);
  return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
         (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

static void print(const options *o, const tally *t, double seconds, double cpu) {
  printf(
    "{\"mode\":\"%s\",\"connections\":%u,\"seconds\":%.4f,\"requests\":%llu,\"rate\":%.2f,\"events_rate\":%.2f,"
    "\"p50_us\":%.1f,\"p99_us\":%.1f,\"p999_us\":%.1f,\"status_2xx\":%llu,\"status_4xx\":%llu,\"status_5xx\":%llu,"
    "\"failures\":%llu,\"driver_cpu_seconds\":%.3f}\n",
    o->source.mode, o->source.connections, seconds, (unsigned long long)t->answers, (double)t->answers / seconds,
    (double)t->events / seconds, (double)histogram_quantile(&t->latencies, 0.5) / 1e3,
    (double)histogram_quantile(&t->latencies, 0.99) / 1e3, (double)histogram_quantile(&t->latencies, 0.999) / 1e3,
    (unsigned long long)t->statuses[2], (unsigned long long)t->statuses[4], (unsigned long long)t->statuses[5],
    (unsigned long long)t->failures, cpu);
}

int main(int count, char **arguments) {
  options o = read_options(count, arguments);
  source *requests = source_make(&o.source);
  if (requests == NULL) return 2;
  client *clients = calloc(o.source.connections, sizeof *clients);
  char *buffer = malloc(BUFFER_SIZE);
  static tally total;
  int poller = epoll_create1(0);
  for (unsigned i = 0; i < o.source.connections; i++) {
    clients[i].descriptor = client_connect(o.source.host, o.port);
    if (clients[i].descriptor < 0) return 1;
    watch(poller, &clients[i], EPOLL_CTL_ADD);
  }

  uint64_t start = now_nanoseconds();
  bool is_warm = o.count > 0;
  uint64_t measured_from = start;
  uint64_t warm_at = start + (uint64_t)(o.warm_up * 1e9);
  uint64_t end = o.count > 0 ? UINT64_MAX : warm_at + (uint64_t)(o.seconds * 1e9);
  uint64_t begun = 0, now = start;
  double cpu = cpu_seconds();
  unsigned open = 0;
  for (unsigned i = 0; i < o.source.connections && (o.count == 0 || begun < o.count); i++, begun++, open++) {
    if (!begin(poller, &clients[i], i, requests, now)) return 1;
  }
  while (open > 0) {
    struct epoll_event ready[READY_AT_ONCE];
    int events = epoll_wait(poller, ready, READY_AT_ONCE, 10000);
    if (events < 0 && errno == EINTR) continue;
    if (events <= 0) {
      fprintf(stderr, "no answer for ten seconds, or %s\n", strerror(errno));
      return 1;
    }
    for (int i = 0; i < events; i++) {
      client *c = ready[i].data.ptr;
      if (ready[i].events & EPOLLOUT && !send_more(poller, c)) total.failures++;
      if (!(ready[i].events & ~(unsigned)EPOLLOUT)) continue;
      client_state state = client_receive(c, buffer, BUFFER_SIZE);
      if (state == CLIENT_WAITS) continue;
      now = now_nanoseconds();
      if (!is_warm && now >= warm_at) {
        is_warm = true;
        measured_from = now;
        cpu = cpu_seconds();
        memset(&total, 0, sizeof total);
      }
      if (state == CLIENT_FAILED || c->closes) {
        total.failures++;
        open--;
        close(c->descriptor);
        continue;
      }
      histogram_add(&total.latencies, now - c->began);
      total.answers++;
      total.statuses[c->status / 100 % 6]++;
      if (c->status / 100 == 2) total.events += c->sending.events;
      if (now >= end || (o.count > 0 && begun >= o.count)) {
        open--;
        continue;
      }
      begun++;
      if (!begin(poller, c, (unsigned)(c - clients), requests, now)) {
        total.failures++;
        open--;
      }
    }
  }
  print(&o, &total, (double)(now - measured_from) / 1e9, cpu_seconds() - cpu);
  return total.failures > 0;
}
