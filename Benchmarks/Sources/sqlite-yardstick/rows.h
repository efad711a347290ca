// Rows as the JSON that the gateway writes, byte for byte: texts of types, names and aggregates come from arrays.
#ifndef ROWS_H
#define ROWS_H

#include <string.h>

#include "yardstick.h"

typedef struct {
  char *start;
  size_t length;
} text;

typedef struct {
  text *items;
  size_t count;
} texts;

/// Texts by their id, as JSON strings.
typedef struct {
  texts key, lane_type, lane_name;
} catalog;

typedef struct {
  char *bytes;
  size_t length;
} output;

static inline void put(output *o, const void *bytes, size_t length) {
  memcpy(o->bytes + o->length, bytes, length);
  o->length += length;
}

#define PUT(o, literal) put(o, literal, sizeof(literal) - 1)

/// The columns of an event that the functions below read.
#define COLUMNS "position, tag, id, aggregate, version, lane, timestamp, is_json, metadata, data"

catalog load_catalog(sqlite3 *database);

/// Appends the cursor of a position, as a JSON string.
void put_cursor(output *o, uint64_t position, uint64_t tag);

/// Appends `"cursor":…,"node":{…}` of the row that the statement is at.
void put_event(output *o, sqlite3_stmt *row, const catalog *names);

#endif
