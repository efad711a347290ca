#ifndef CALLOCATOR_H
#define CALLOCATOR_H

/* Has blocks of so many bytes and more go back to the system as soon as they are freed, if the C library can be told.
   Smaller ones are kept, up to twice as many bytes in each arena. */
void evento_return_blocks_from(int bytes);

#endif
