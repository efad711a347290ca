// Where requests come from: each kind of load is a source that fills in the next request of a connection.
#ifndef SOURCE_H
#define SOURCE_H

#include <stddef.h>
#include <stdint.h>

/// The bytes of one request. Whoever fills it in keeps `bytes` valid until the next request of the same connection.
typedef struct {
  const char *bytes;
  size_t length;
  unsigned events;  // that it writes
} request;

typedef struct source source;

struct source {
  /// Fills in the next request of a connection.
  void (*next)(source *self, unsigned connection, request *out);
};

typedef struct {
  const char *host;       // of the Host field
  const char *mode;
  const char *path;       // GET, snapshots
  const char *paths;      // a file of request targets, a line each
  const char *body;       // a file: of a POST
  const char *prefix;     // of the aggregates written, so that runs don't meet
  unsigned connections;
  unsigned events;        // of one write
  unsigned payload;       // bytes of an event's data
  unsigned write_share;   // of a mixed load, in percent
} source_options;

/// The source of a mode; NULL, with a line on stderr, where there is none such.
source *source_make(const source_options *options);

source *source_get(const source_options *options);
source *source_post(const source_options *options);
source *source_write(const source_options *options);
source *source_conflict(const source_options *options);
source *source_snapshot(const source_options *options);
source *source_mixed(const source_options *options);

/// A pseudo-random number, the same sequence in each run.
uint32_t next_random(uint32_t *state);

#endif
