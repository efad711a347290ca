// One HTTP/1.1 connection of the driver: sends a request, waits for its answer, sends the next.
#ifndef CLIENT_H
#define CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "source.h"

enum { HEAD_LIMIT = 8192 };

typedef struct {
  int descriptor;
  request sending;
  size_t sent;
  uint64_t began;
  bool wants_to_write;  // registered for it
  // The answer under way.
  bool in_body;
  bool closes;
  int status;
  size_t body_left;
  size_t head_length;
  char head[HEAD_LIMIT];  // of one that came in pieces
} client;

typedef enum { CLIENT_WAITS, CLIENT_ANSWERED, CLIENT_FAILED } client_state;

/// A connected socket that doesn't block, or -1 with a line on stderr.
int client_connect(const char *host, const char *port);

/// Sends as much as the socket takes. False: the connection failed.
bool client_send(client *c);

/// Takes what has arrived. `buffer` is shared by all connections.
client_state client_receive(client *c, char *buffer, size_t capacity);

#endif
