/* SPDX-License-Identifier: GPL-2.0-or-later */
#define _GNU_SOURCE
#include "CFuzzer.h"
#include <sys/mman.h>

int fuzzer_memory_file(void) { return memfd_create("fuzz", MFD_CLOEXEC); }
