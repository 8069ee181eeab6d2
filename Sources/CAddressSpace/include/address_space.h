// SPDX-License-Identifier: GPL-2.0-or-later
#ifndef C_ADDRESS_SPACE_H
#define C_ADDRESS_SPACE_H

/* A check that runs in this executable before the initializers of the shared libraries do.

   OpenBLAS takes a buffer for each of its threads while it is loaded, and asks again for ever where
   the limit of address space (ulimit -v) leaves no room: the program would spin before main begins.
   Under a limit the program therefore starts itself again with one OpenBLAS thread, which takes
   nothing at load (no result needs more: the program's own threads call the serial BLAS), and ends
   with a message where the limit leaves no room for the program itself. Without a limit nothing
   happens.

   The entry below is placed in .preinit_array, which only executables may have. */

/* Bytes that must be free of address space when the program starts. */
#define LEAST_ADDRESS_SPACE (96L << 20)

/* The last resort where memory that was not asked for beforehand runs out: an allocation that would
   make the program trap ends it with a message and status 1. Called before, to remove files that are
   half written. */
void call_before_memory_end(void (*action)(void));

#endif
