#include "source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

uint32_t next_random(uint32_t *state) {
  // xorshift32 (Marsaglia, 2003)
  uint32_t x = *state;
  x ^= x << 13;
  x ^= x >> 17;
  x ^= x << 5;
  return *state = x;
}

enum { BODY_LIMIT = 1 << 20 };

typedef struct {
  source base;
  request *requests;
  size_t count;
  uint32_t random;
} get_source;

static void get_next(source *self, unsigned connection, request *out) {
  (void)connection;
  get_source *get = (get_source *)self;
  *out = get->requests[get->count == 1 ? 0 : next_random(&get->random) % get->count];
}

static request get_request(const char *host, const char *target) {
  char *bytes = NULL;
  int length = asprintf(&bytes, "GET %s HTTP/1.1\r\nHost: %s\r\n\r\n", target, host);
  if (length < 0) abort();
  return (request){bytes, (size_t)length, 0};
}

source *source_get(const source_options *options) {
  get_source *get = calloc(1, sizeof *get);
  get->base.next = get_next;
  get->random = 2463534242u;
  if (options->paths == NULL) {
    get->requests = malloc(sizeof *get->requests);
    get->requests[get->count++] = get_request(options->host, options->path);
    return &get->base;
  }
  FILE *file = fopen(options->paths, "r");
  if (file == NULL) {
    perror(options->paths);
    return NULL;
  }
  char *line = NULL;
  size_t capacity = 0;
  ssize_t length;
  while ((length = getline(&line, &capacity, file)) > 0) {
    line[strcspn(line, "\r\n")] = 0;
    get->requests = realloc(get->requests, (get->count + 1) * sizeof *get->requests);
    get->requests[get->count++] = get_request(options->host, line);
  }
  free(line);
  fclose(file);
  if (get->count == 0) {
    fprintf(stderr, "%s has no lines\n", options->paths);
    return NULL;
  }
  return &get->base;
}

/// The same body each time.
source *source_post(const source_options *options) {
  FILE *file = options->body != NULL ? fopen(options->body, "r") : NULL;
  if (file == NULL) {
    fprintf(stderr, "a POST needs --body FILE\n");
    return NULL;
  }
  char *body = malloc(BODY_LIMIT), *bytes = malloc(BODY_LIMIT + 1024);
  size_t length = fread(body, 1, BODY_LIMIT, file);
  fclose(file);
  int head = snprintf(
    bytes, 1024, "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n",
    options->path, options->host, length);
  if (head >= 1024) abort();
  memcpy(bytes + head, body, length);
  free(body);
  get_source *post = calloc(1, sizeof *post);
  post->base.next = get_next;
  post->requests = malloc(sizeof *post->requests);
  post->requests[post->count++] = (request){bytes, (size_t)head + length, 0};
  return &post->base;
}

typedef struct {
  source base;
  source *reads;
  source *writes;
  unsigned write_share;
  uint32_t random;
} mixed_source;

static void mixed_next(source *self, unsigned connection, request *out) {
  mixed_source *mixed = (mixed_source *)self;
  source *chosen = next_random(&mixed->random) % 100 < mixed->write_share ? mixed->writes : mixed->reads;
  chosen->next(chosen, connection, out);
}

source *source_mixed(const source_options *options) {
  mixed_source *mixed = calloc(1, sizeof *mixed);
  mixed->base.next = mixed_next;
  mixed->random = 88675123u;
  mixed->write_share = options->write_share;
  mixed->reads = source_get(options);
  mixed->writes = source_write(options);
  return mixed->reads != NULL && mixed->writes != NULL ? &mixed->base : NULL;
}

source *source_make(const source_options *options) {
  static const struct {
    const char *mode;
    source *(*make)(const source_options *);
  } modes[] = {
    {"get", source_get},           {"write", source_write}, {"conflict", source_conflict},
    {"snapshot", source_snapshot}, {"mixed", source_mixed}, {"post", source_post},
  };
  for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
    if (strcmp(options->mode, modes[i].mode) == 0) return modes[i].make(options);
  }
  fprintf(stderr, "no mode %s\n", options->mode);
  return NULL;
}
