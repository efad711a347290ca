// Latencies, counted in buckets whose width is at most 1/64 of their value.
#ifndef HISTOGRAM_H
#define HISTOGRAM_H

#include <stdint.h>

enum { HISTOGRAM_STEPS = 64, HISTOGRAM_BUCKETS = 64 * HISTOGRAM_STEPS };

typedef struct {
  uint64_t counts[HISTOGRAM_BUCKETS];
  uint64_t total;
} histogram;

void histogram_add(histogram *h, uint64_t nanoseconds);

/// The smallest value, in nanoseconds, that `share` (0...1) of all values don't exceed; 0 where there are none.
uint64_t histogram_quantile(const histogram *h, double share);

/// Nanoseconds of a clock that nobody sets.
uint64_t now_nanoseconds(void);

#endif
