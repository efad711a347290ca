#include "CAllocator.h"

#include <stdlib.h>

#ifdef __GLIBC__
#include <malloc.h>
#endif

/* By default glibc keeps blocks of up to 32 MiB for the next of their size once one has been freed (M_MMAP_THRESHOLD in
   mallopt(3)): after a few large pages, sixty idle streams held hundreds of MiB that nothing was in. Other libraries
   return large blocks anyway.

   The free end of an arena goes back from twice as many on (M_TRIM_THRESHOLD), as is glibc's own rule. Setting the one
   threshold fixes the other at 128 KiB: each page of a thousand events then took 330 page faults, a sixth of the
   processor time for it. */
void evento_return_blocks_from(int bytes) {
#ifdef __GLIBC__
  mallopt(M_MMAP_THRESHOLD, bytes);
  mallopt(M_TRIM_THRESHOLD, 2 * bytes);
#else
  (void)bytes;
#endif
}
