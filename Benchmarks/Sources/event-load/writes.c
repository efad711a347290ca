// Sources whose requests have a body. A body is made once for each connection; before each request only the digits
// that differ are overwritten, so that the driver costs next to nothing.
#include "source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/// Events that an aggregate gets before the next one begins. One digit, so that bodies keep their length.
enum { EVENTS_PER_AGGREGATE = 8, NUMBER_WIDTH = 9 };

typedef struct {
  char *bytes;
  size_t length;
  char **numbers;   // where each event's aggregate number stands
  char **versions;  // where each event's version stands
  uint64_t written;
} write_template;

typedef struct {
  source base;
  write_template *templates;
  unsigned events;
} write_source;

static void put_number(char *at, uint64_t number) {
  for (int i = NUMBER_WIDTH - 1; i >= 0; i--, number /= 10) at[i] = (char)('0' + number % 10);
}

static char *filler(unsigned length) {
  static const char text[] = "the quick brown fox jumps over the lazy dog and runs on; ";
  char *bytes = malloc(length + 1);
  for (unsigned i = 0; i < length; i++) bytes[i] = text[i % (sizeof text - 1)];
  bytes[length] = 0;
  return bytes;
}

/// An event as it stands in a request. `data` is `{"text":"..."}`, `payload` bytes of it.
static size_t put_event(char *at, const source_options *options, unsigned connection, const char *text) {
  return (size_t)sprintf(
    at,
    "{\"aggregator_type\":\"bank/Account\",\"aggregator_id\":\"%s-%03u-%0*u\",\"version\":1,"
    "\"name\":\"MoneyDeposited\",\"data\":{\"text\":\"%s\"}}",
    options->prefix, connection, NUMBER_WIDTH, 0, text);
}

static void make_template(write_template *made, const source_options *options, unsigned connection) {
  char *text = filler(options->payload > 11 ? options->payload - 11 : 0);
  size_t event = strlen(text) + strlen(options->prefix) + 160;
  char *body = malloc(options->events * event + 64);
  size_t length = (size_t)sprintf(body, "{\"events\":[");
  size_t *starts = malloc(options->events * sizeof *starts);
  for (unsigned i = 0; i < options->events; i++) {
    if (i > 0) body[length++] = ',';
    starts[i] = length;
    length += put_event(body + length, options, connection, text);
  }
  length += (size_t)sprintf(body + length, "]}");
  made->bytes = malloc(length + 256);
  int head = sprintf(
    made->bytes, "POST /events HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n",
    options->host, length);
  memcpy(made->bytes + head, body, length);
  made->length = (size_t)head + length;
  made->numbers = malloc(options->events * sizeof *made->numbers);
  made->versions = malloc(options->events * sizeof *made->versions);
  for (unsigned i = 0; i < options->events; i++) {
    char *version = strstr(made->bytes + head + starts[i], "\"version\":");
    made->numbers[i] = version - 2 - NUMBER_WIDTH;  // behind it: `",`
    made->versions[i] = version + 10;
  }
  free(starts);
  free(body);
  free(text);
}

static void write_next(source *self, unsigned connection, request *out) {
  write_source *source = (write_source *)self;
  write_template *made = &source->templates[connection];
  for (unsigned i = 0; i < source->events; i++, made->written++) {
    put_number(made->numbers[i], made->written / EVENTS_PER_AGGREGATE);
    *made->versions[i] = (char)('1' + made->written % EVENTS_PER_AGGREGATE);
  }
  *out = (request){made->bytes, made->length, source->events};
}

/// The same event of the same aggregate each time: written once, refused from then on.
static void conflict_next(source *self, unsigned connection, request *out) {
  write_source *source = (write_source *)self;
  *out = (request){source->templates[connection].bytes, source->templates[connection].length, 0};
}

static source *make_writes(const source_options *options, void (*next)(source *, unsigned, request *)) {
  write_source *source = calloc(1, sizeof *source);
  source->base.next = next;
  source->events = options->events;
  source->templates = calloc(options->connections, sizeof *source->templates);
  for (unsigned i = 0; i < options->connections; i++) make_template(&source->templates[i], options, i);
  return &source->base;
}

source *source_write(const source_options *options) { return make_writes(options, write_next); }

source *source_conflict(const source_options *options) { return make_writes(options, conflict_next); }

typedef struct {
  source base;
  request *requests;
} snapshot_source;

static void snapshot_next(source *self, unsigned connection, request *out) {
  *out = ((snapshot_source *)self)->requests[connection];
}

/// Each connection replaces a snapshot of its own. `path` holds a cursor of the store.
source *source_snapshot(const source_options *options) {
  snapshot_source *source = calloc(1, sizeof *source);
  source->base.next = snapshot_next;
  source->requests = calloc(options->connections, sizeof *source->requests);
  char *text = filler(options->payload > 11 ? options->payload - 11 : 0);
  for (unsigned i = 0; i < options->connections; i++) {
    char *body = NULL, *bytes = NULL;
    int length = asprintf(&body, "{\"cursor\":\"%s\",\"data\":{\"text\":\"%s\"}}", options->path, text);
    int total = asprintf(
      &bytes,
      "PUT /snapshots/bank%%2FAccount/1/%s-%03u HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\n"
      "Content-Length: %d\r\n\r\n%s",
      options->prefix, i, options->host, length, body);
    if (length < 0 || total < 0) abort();
    free(body);
    source->requests[i] = (request){bytes, (size_t)total, 0};
  }
  free(text);
  return &source->base;
}
