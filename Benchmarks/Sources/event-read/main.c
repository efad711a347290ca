// Reads events over HTTP as fast as they come, as a stream or in pages, and only counts them: a reader that is never
// slower than what it reads from. One thread; prints one JSON object.
#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zlib.h>

#include "histogram.h"

enum { BUFFER_SIZE = 1 << 18, HEAD_SIZE = 4096, TAIL_SIZE = 512, READY_AT_ONCE = 64 };

typedef enum { NDJSON, SSE, PAGES } form;

typedef struct {
  const char *port, *query;
  form form;
  unsigned connections, first;
  uint64_t events;
  bool gzip;
} options;

typedef enum { HEAD, LENGTH, CHUNK_SIZE, CHUNK, CHUNK_END } framing;

typedef struct {
  int descriptor;
  framing framing;
  char head[HEAD_SIZE];
  size_t head_length;
  uint64_t left;           // of the body, or of the chunk
  bool is_gzip, is_done;
  z_stream inflater;
  char tail[TAIL_SIZE];    // the end of the page so far: it has the cursor of the next one
  size_t tail_length;
  uint64_t lines, pages;
} reader;

static const char usage[] =
  "event-read --port PORT --events N [--form ndjson|sse|pages] [--first N] [--connections N] [--gzip] [--query Q]\n"
  "  --events: that match, which each connection reads\n"
  "  --first: events of a page\n"
  "  --query: a filter, or the position to begin after, as in a target\n";

static uint64_t received, content;
static char *input, *output;

static void fail(const char *what, const char *detail) {
  fprintf(stderr, "event-read: %s: %s\n", what, detail);
  exit(1);
}

static void request(reader *r, const options *o, const char *after) {
  char text[2048], target[1024];
  const char *between = o->query[0] != 0 ? "&" : "";
  if (o->form == PAGES) {
    // The position in the query is that of the first page.
    snprintf(
      target, sizeof target, "/events?first=%u%s%s%s%s", o->first, between, o->query, after ? "&after=" : "",
      after ? after : "");
  } else {
    snprintf(target, sizeof target, "/events/stream%s%s", o->query[0] != 0 ? "?" : "", o->query);
  }
  int length = snprintf(
    text, sizeof text, "GET %s HTTP/1.1\r\nHost: localhost\r\nAccept: %s\r\n%s\r\n", target,
    o->form == NDJSON  ? "application/x-ndjson"
    : o->form == SSE ? "text/event-stream"
                     : "application/json",
    o->gzip ? "Accept-Encoding: gzip\r\n" : "");
  if (send(r->descriptor, text, (size_t)length, MSG_NOSIGNAL) != length) fail("send", strerror(errno));
  r->framing = HEAD;
  r->head_length = r->tail_length = 0;
}

static void open_reader(reader *r, const options *o, int poller) {
  memset(r, 0, sizeof *r);
  struct sockaddr_in address = {
    .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(o->port)), .sin_addr = {htonl(INADDR_LOOPBACK)}};
  r->descriptor = socket(AF_INET, SOCK_STREAM, 0);
  if (connect(r->descriptor, (struct sockaddr *)&address, sizeof address) != 0) fail("connect", strerror(errno));
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = r};
  epoll_ctl(poller, EPOLL_CTL_ADD, r->descriptor, &event);
  // 16: with a header of gzip.
  if (o->gzip && inflateInit2(&r->inflater, 15 + 16) != Z_OK) fail("zlib", "no memory");
  request(r, o, NULL);
}

/// Returns the value of a field of a head that ends with a zero, or NULL.
static const char *field(const char *head, const char *name) {
  size_t length = strlen(name);
  for (const char *line = strstr(head, "\r\n"); line != NULL; line = strstr(line + 2, "\r\n")) {
    if (strncasecmp(line + 2, name, length) == 0 && line[2 + length] == ':') return line + length + 4;
  }
  return NULL;
}

static void begin_body(reader *r, const options *o) {
  r->head[r->head_length] = 0;
  if (strncmp(r->head, "HTTP/1.1 200", 12) != 0) fail("a read was refused", r->head);
  const char *length = field(r->head, "Content-Length"), *encoding = field(r->head, "Content-Encoding");
  r->is_gzip = encoding != NULL && strncmp(encoding, "gzip", 4) == 0;
  if (r->is_gzip && !o->gzip) fail("gzip was not asked for", r->head);
  if (r->is_gzip) inflateReset(&r->inflater);
  r->framing = length != NULL ? LENGTH : CHUNK_SIZE;
  r->left = length != NULL ? strtoull(length, NULL, 10) : 0;
}

/// Counts what came of a body, decompressed.
static void count(reader *r, const options *o, const char *bytes, size_t length) {
  content += length;
  if (o->form == PAGES) {
    if (length >= TAIL_SIZE) {
      memcpy(r->tail, bytes + length - TAIL_SIZE, TAIL_SIZE);
      r->tail_length = TAIL_SIZE;
    } else {
      size_t kept = r->tail_length < TAIL_SIZE - length ? r->tail_length : TAIL_SIZE - length;
      memmove(r->tail, r->tail + r->tail_length - kept, kept);
      memcpy(r->tail + kept, bytes, length);
      r->tail_length = kept + length;
    }
    return;
  }
  for (const char *at = bytes, *end = bytes + length; (at = memchr(at, '\n', (size_t)(end - at))) != NULL; at++) {
    r->lines++;
  }
  // `retry: 2000` and an empty line; four lines of each event.
  r->is_done = r->lines >= (o->form == SSE ? 2 + 4 * o->events : o->events);
}

static void receive_body(reader *r, const options *o, const char *bytes, size_t length) {
  if (!r->is_gzip) return count(r, o, bytes, length);
  r->inflater.next_in = (Bytef *)bytes;
  r->inflater.avail_in = (uInt)length;
  do {
    r->inflater.next_out = (Bytef *)output;
    r->inflater.avail_out = BUFFER_SIZE;
    int code = inflate(&r->inflater, Z_SYNC_FLUSH);
    if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR) fail("inflate", r->inflater.msg);
    count(r, o, output, BUFFER_SIZE - r->inflater.avail_out);
  } while (r->inflater.avail_out == 0);
}

static const char *member(const reader *r, const char *name) {
  const char *at = memmem(r->tail, r->tail_length, name, strlen(name));
  if (at == NULL) fail("a page has no", name);
  return at + strlen(name);
}

static void end_page(reader *r, const options *o) {
  r->pages++;
  if (*member(r, "\"has_next_page\":") == 'f') {
    r->is_done = true;
    uint64_t expected = (o->events + o->first - 1) / o->first;
    if (r->pages != expected) fprintf(stderr, "event-read: %llu pages\n", (unsigned long long)r->pages), exit(1);
    return;
  }
  char after[256];
  snprintf(after, sizeof after, "%.200s", member(r, "\"end_cursor\":\""));
  *strchrnul(after, '"') = 0;
  options next = *o;
  if (strncmp(o->query, "after=", 6) == 0) next.query = "";
  request(r, &next, after);
}

static void receive(reader *r, const options *o, const char *at, const char *end) {
  while (at < end && !r->is_done) {
    size_t some = (size_t)(end - at);
    switch (r->framing) {
      case HEAD:
        if (r->head_length == HEAD_SIZE - 1) fail("head", "too long");
        r->head[r->head_length++] = *at++;
        if (r->head_length > 3 && memcmp(r->head + r->head_length - 4, "\r\n\r\n", 4) == 0) begin_body(r, o);
        break;
      case CHUNK_SIZE: {
        char byte = *at++;
        if (byte == '\n') {
          r->framing = CHUNK;
          if (r->left == 0) fail("a stream ended early", "");
        } else if (byte != '\r') {
          r->left = r->left * 16 + (uint64_t)(byte <= '9' ? byte - '0' : (byte | 32) - 'a' + 10);
        }
        break;
      }
      case CHUNK_END:
        if (*at++ == '\n') r->framing = CHUNK_SIZE;
        break;
      case LENGTH:
      case CHUNK:
        if (some > r->left) some = r->left;
        receive_body(r, o, at, some);
        at += some;
        r->left -= some;
        if (r->left > 0) break;
        if (r->framing == CHUNK) r->framing = CHUNK_END;
        else end_page(r, o);
    }
  }
}

static double cpu_seconds(void) {
  struct rusage used;
  getrusage(RUSAGE_SELF, &used);
  return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
         (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

int main(int count, char **arguments) {
  options o = {.port = "8080", .query = "", .connections = 1, .first = 1000};
  static const struct option names[] = {
    {"port", 1, 0, 'p'},   {"form", 1, 0, 'f'}, {"first", 1, 0, 'n'}, {"connections", 1, 0, 'c'},
    {"events", 1, 0, 'e'}, {"gzip", 0, 0, 'g'}, {"query", 1, 0, 'q'}, {0},
  };
  for (int option; (option = getopt_long(count, arguments, "", names, NULL)) != -1;) {
    switch (option) {
      case 'p': o.port = optarg; break;
      case 'f': o.form = strcmp(optarg, "sse") == 0 ? SSE : strcmp(optarg, "pages") == 0 ? PAGES : NDJSON; break;
      case 'n': o.first = (unsigned)atoi(optarg); break;
      case 'c': o.connections = (unsigned)atoi(optarg); break;
      case 'e': o.events = strtoull(optarg, NULL, 10); break;
      case 'g': o.gzip = true; break;
      case 'q': o.query = optarg; break;
      default: fputs(usage, stderr); return 2;
    }
  }
  if (o.events == 0 || o.connections == 0 || o.first == 0) return fputs(usage, stderr), 2;
  input = malloc(BUFFER_SIZE);
  output = malloc(BUFFER_SIZE);
  int poller = epoll_create1(0);
  reader *readers = calloc(o.connections, sizeof *readers);
  uint64_t start = now_nanoseconds();
  for (unsigned i = 0; i < o.connections; i++) open_reader(&readers[i], &o, poller);
  for (unsigned open = o.connections; open > 0;) {
    struct epoll_event ready[READY_AT_ONCE];
    int events = epoll_wait(poller, ready, READY_AT_ONCE, 60000);
    if (events <= 0) fail("nothing came", "in a minute");
    for (int i = 0; i < events; i++) {
      reader *r = ready[i].data.ptr;
      ssize_t got = recv(r->descriptor, input, BUFFER_SIZE, 0);
      if (got <= 0) fail("a connection ended", got < 0 ? strerror(errno) : "early");
      received += (uint64_t)got;
      receive(r, &o, input, input + got);
      if (!r->is_done) continue;
      close(r->descriptor);
      open--;
    }
  }
  double seconds = (double)(now_nanoseconds() - start) / 1e9, events = (double)o.events * o.connections;
  printf(
    "{\"mode\":\"read\",\"connections\":%u,\"events\":%.0f,\"seconds\":%.6f,\"events_rate\":%.1f,"
    "\"bytes_per_event\":%.1f,\"content_per_event\":%.1f,\"reader_cpu_us\":%.4f}\n",
    o.connections, events, seconds, events / seconds, (double)received / events, (double)content / events,
    cpu_seconds() * 1e6 / events);
  return 0;
}
