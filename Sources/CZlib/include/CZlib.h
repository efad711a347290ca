// The structure of zlib's interface, so that the build does not need zlib's headers: the library is loaded when a gateway
// starts. https://zlib.net/manual.html
#ifndef C_ZLIB_H
#define C_ZLIB_H

/// `z_stream`. zlib's functions that begin with one get its size, and refuse another than theirs.
typedef struct {
  const unsigned char *next_in;
  unsigned int avail_in;
  unsigned long total_in;
  unsigned char *next_out;
  unsigned int avail_out;
  unsigned long total_out;
  const char *msg;
  void *state;
  void *zalloc;
  void *zfree;
  void *opaque;
  int data_type;
  unsigned long adler;
  unsigned long reserved;
} evento_z_stream;

#endif
