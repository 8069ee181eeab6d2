// SPDX-License-Identifier: GPL-2.0-or-later
#include "address_space.h"

#ifdef __linux__
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static const char one_thread[] = "OPENBLAS_NUM_THREADS=1";

static int is_setting(const char *entry) {
  return strncmp(entry, one_thread, sizeof one_thread - 2) == 0;
}

/* Starts the program again with one OpenBLAS thread; returns where that cannot be, or is so. */
static void start_with_one_thread(char **arguments, char **environment) {
  long count = 0;
  for (char **entry = environment; *entry; entry++, count++)
    if (strcmp(*entry, one_thread) == 0) return;
  char program[PATH_MAX];
  ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
  if (length <= 0) return;
  program[length] = 0;
  const char **changed = malloc((count + 2) * sizeof *changed);
  if (!changed) return;
  long kept = 0;
  for (char **entry = environment; *entry; entry++)
    if (!is_setting(*entry)) changed[kept++] = *entry;
  changed[kept++] = one_thread;
  changed[kept] = 0;
  execve(program, arguments, (char **)changed);
  free(changed);
}

/* Bytes of address space that this process has taken; 0 if unknown. */
static long taken(void) {
  char text[64];
  int file = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  ssize_t length = read(file, text, sizeof text - 1);
  close(file);
  if (length <= 0) return 0;
  text[length] = 0;
  return strtol(text, 0, 10) * sysconf(_SC_PAGESIZE);
}

static void refuse(long limit, long needed) {
  char text[256];
  int length = snprintf(
      text, sizeof text,
      "error: the limit of address space (ulimit -v) is %ld MB, and the program takes %ld MB "
      "before it has read anything. Raise it to %ld MB at least.\n",
      limit >> 20, (needed >> 20) + 1, (needed >> 20) + 1);
  if (write(2, text, length) < 0) _exit(1);
  _exit(1);
}

static void check(int count, char **arguments, char **environment) {
  (void)count;
  struct rlimit limit;
  if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur >= LONG_MAX) return;
  start_with_one_thread(arguments, environment);
  long needed = taken() + LEAST_ADDRESS_SPACE;
  if ((long)limit.rlim_cur < needed) refuse((long)limit.rlim_cur, needed);
}

__attribute__((section(".preinit_array"), used)) static void (*const entry)(int, char **, char **) =
    check;
#endif
