/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CFUZZER_H
#define CFUZZER_H
#include <stddef.h>
#include <stdint.h>

/* libFuzzer's driver, for a program with a main of its own: parses its options and feeds `callback`. */
int LLVMFuzzerRunDriver(int *argc, char ***argv,
                        int (*callback)(const uint8_t *data, size_t size));

/* libFuzzer's own mutations of `size` bytes in place; returns the new size, at most `max_size`. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

/* A file in memory without a name; a descriptor, or -1. */
int fuzzer_memory_file(void);

#endif
