// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include "address_space.h"

static void (*before_end)(void) = 0;

void call_before_memory_end(void (*action)(void)) { before_end = action; }

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || \
    __has_feature(memory_sanitizer)
#define HAS_OTHER_ALLOCATOR
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define HAS_OTHER_ALLOCATOR
#endif

#include <features.h>
#if defined(__GLIBC__) && !defined(HAS_OTHER_ALLOCATOR)
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The C library's own functions, which these stand before and hand everything to. */
extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

/* The allocator of Swift's runtime, which may be in a library of its own or in this program. */
extern void *swift_slowAlloc(size_t, size_t) __attribute__((weak));

/* Whether the caller would trap: the runtimes of Swift and C++ do; others look at what they get. */
static int would_trap(void *caller) {
  Dl_info theirs, swift;
  if (!dladdr(caller, &theirs)) return 0;
  if (swift_slowAlloc && dladdr((void *)swift_slowAlloc, &swift) &&
      theirs.dli_fbase == swift.dli_fbase)
    return 1;
  return theirs.dli_fname &&
         (strstr(theirs.dli_fname, "libswift") || strstr(theirs.dli_fname, "libstdc++"));
}

static void end_if_trapping(size_t bytes, void *caller) {
  static volatile int is_ending = 0;
  if (!would_trap(caller)) return;
  if (__sync_lock_test_and_set(&is_ending, 1)) pause(); /* another thread ends the program */
  char text[256];
  int length = snprintf(
      text, sizeof text,
      "error: memory ran out: %zu MB more could not be had. Raise the limit (ulimit -v, the "
      "container's), use fewer --threads, or a model with fewer columns and levels.\n",
      (bytes >> 20) + 1);
  if (before_end) before_end();
  if (write(2, text, length) < 0) _exit(1);
  _exit(1);
}

void *malloc(size_t size) {
  void *memory = __libc_malloc(size);
  if (!memory) end_if_trapping(size, __builtin_return_address(0));
  return memory;
}

void *calloc(size_t count, size_t size) {
  void *memory = __libc_calloc(count, size);
  if (!memory) end_if_trapping(count * size, __builtin_return_address(0));
  return memory;
}

void *realloc(void *old, size_t size) {
  void *memory = __libc_realloc(old, size);
  if (!memory && size > 0) end_if_trapping(size, __builtin_return_address(0));
  return memory;
}

void *aligned_alloc(size_t alignment, size_t size) {
  void *memory = __libc_memalign(alignment, size);
  if (!memory) end_if_trapping(size, __builtin_return_address(0));
  return memory;
}

int posix_memalign(void **result, size_t alignment, size_t size) {
  if (alignment < sizeof(void *) || alignment & (alignment - 1)) return EINVAL;
  void *memory = __libc_memalign(alignment, size);
  if (!memory) {
    end_if_trapping(size, __builtin_return_address(0));
    return ENOMEM;
  }
  *result = memory;
  return 0;
}
#endif
