#include "histogram.h"

#include <time.h>

// Values below 64 have a bucket each; above, each power of two is cut into 64 steps.
static unsigned bucket_of(uint64_t value) {
  if (value < HISTOGRAM_STEPS) return (unsigned)value;
  unsigned exponent = 63u - (unsigned)__builtin_clzll(value);  // >= 6
  unsigned step = (unsigned)(value >> (exponent - 6)) & (HISTOGRAM_STEPS - 1);
  return (exponent - 5) * HISTOGRAM_STEPS + step;
}

static uint64_t upper_bound_of(unsigned bucket) {
  if (bucket < HISTOGRAM_STEPS) return bucket;
  unsigned exponent = bucket / HISTOGRAM_STEPS + 5;
  uint64_t step = bucket % HISTOGRAM_STEPS;
  return ((HISTOGRAM_STEPS + step + 1) << (exponent - 6)) - 1;
}

void histogram_add(histogram *h, uint64_t nanoseconds) {
  h->counts[bucket_of(nanoseconds)]++;
  h->total++;
}

uint64_t histogram_quantile(const histogram *h, double share) {
  uint64_t wanted = (uint64_t)(share * (double)h->total);
  uint64_t seen = 0;
  for (unsigned bucket = 0; bucket < HISTOGRAM_BUCKETS; bucket++) {
    seen += h->counts[bucket];
    if (h->counts[bucket] > 0 && seen >= wanted) return upper_bound_of(bucket);
  }
  return 0;
}

uint64_t now_nanoseconds(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}
