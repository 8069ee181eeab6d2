// SPDX-License-Identifier: GPL-2.0-or-later
//
// R's side of lmm.h: vectors as one Arrow batch, streams of results as vectors, JSON texts as strings. The
// library is opened at run time, so that the package is compiled without it.
#include <dlfcn.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <lmm.h>

#define R_NO_REMAP
#include <R.h>
#include <R_ext/Rdynload.h>
#include <R_ext/Utils.h>
#include <Rinternals.h>

static void *library;

static void *function(const char *name) {
  void *found = library ? dlsym(library, name) : NULL;
  if (!found) Rf_error("the library lmmsparse is not open, or has no %s", name);
  return found;
}

static const char *text(SEXP value) {
  return value == R_NilValue ? NULL : Rf_translateCharUTF8(STRING_ELT(value, 0));
}

// Opens the library, and has its messages speak R.
SEXP lmmr_open(SEXP path) {
  library = dlopen(R_ExpandFileName(Rf_translateChar(STRING_ELT(path, 0))), RTLD_NOW | RTLD_LOCAL);
  if (!library) Rf_error("%s", dlerror());
  int (*speak)(const char *, char **) = function("lmm_speak");
  speak("r", NULL);
  return R_NilValue;
}

// Handles

static void free_model(SEXP handle) {
  void *model = R_ExternalPtrAddr(handle);
  if (model && library) ((void (*)(lmm_model *))function("lmm_free"))(model);
  R_ClearExternalPtr(handle);
}

static lmm_model *model_of(SEXP handle) {
  lmm_model *model = TYPEOF(handle) == EXTPTRSXP ? R_ExternalPtrAddr(handle) : NULL;
  if (!model) Rf_error("the model is gone: fits do not outlive their session; save them by save_lmm()");
  return model;
}

// A list of the code, the JSON and perhaps a handle; the JSON is freed.
static SEXP result(int code, char *json, SEXP more) {
  PROTECT(more);
  SEXP list = PROTECT(Rf_allocVector(VECSXP, 3));
  SET_VECTOR_ELT(list, 0, Rf_ScalarInteger(code));
  SEXP string = PROTECT(Rf_mkCharCE(json ? json : "{}", CE_UTF8));
  if (json) ((void (*)(char *))function("lmm_free_text"))(json);
  SET_VECTOR_ELT(list, 1, Rf_ScalarString(string));
  SET_VECTOR_ELT(list, 2, more);
  UNPROTECT(3);
  return list;
}

static SEXP new_handle(lmm_model *model) {
  SEXP handle = PROTECT(R_MakeExternalPtr(model, R_NilValue, R_NilValue));
  R_RegisterCFinalizerEx(handle, free_model, TRUE);
  UNPROTECT(1);
  return handle;
}

// Interruption: R is asked between events, without a jump through the library.

static void check(void *unused) { R_CheckUserInterrupt(); }
static int interrupted(const char *event, void *context) { return R_ToplevelExec(check, NULL) ? 0 : 1; }

static void listen(int on) {
  void (*set)(lmm_progress, void *) = function("lmm_on_progress");
  set(on ? interrupted : NULL, NULL);
}

extern int R_interrupts_pending;  // which R's headers for graphics devices declare

// Raises the interrupt that a callback has heard, as R does.
SEXP lmmr_interrupt(void) {
  R_interrupts_pending = 1;
  R_CheckUserInterrupt();
  return R_NilValue;
}

// A data frame as a stream of one batch. Only building it calls R: streams are read by other threads.

struct memory {
  void **blocks;
  int count, room;
};

static void *keep(struct memory *memory, size_t bytes) {
  if (memory->count == memory->room) {
    memory->room = memory->room ? 2 * memory->room : 8;
    memory->blocks = realloc(memory->blocks, memory->room * sizeof(void *));
  }
  void *block = calloc(bytes ? bytes : 1, 1);
  memory->blocks[memory->count++] = block;
  return block;
}

static void release_memory(struct memory *memory) {
  for (int k = 0; k < memory->count; k++) free(memory->blocks[k]);
  free(memory->blocks);
  free(memory);
}

static void release_child_array(struct ArrowArray *array) { array->release = NULL; }
static void release_child_schema(struct ArrowSchema *schema) { schema->release = NULL; }
static void release_array(struct ArrowArray *array) {
  for (int64_t k = 0; k < array->n_children; k++)
    if (array->children[k]->release) array->children[k]->release(array->children[k]);
  release_memory(array->private_data);
  array->release = NULL;
}
static void release_schema(struct ArrowSchema *schema) {
  for (int64_t k = 0; k < schema->n_children; k++)
    if (schema->children[k]->release) schema->children[k]->release(schema->children[k]);
  release_memory(schema->private_data);
  schema->release = NULL;
}

struct frame {
  struct ArrowSchema schema;
  struct ArrowArray array;
  int given;
};

static int get_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out) {
  struct frame *frame = stream->private_data;
  if (!frame->schema.release) return EINVAL;
  *out = frame->schema;
  frame->schema.release = NULL;
  return 0;
}

static int get_next(struct ArrowArrayStream *stream, struct ArrowArray *out) {
  struct frame *frame = stream->private_data;
  *out = frame->array;
  frame->array.release = NULL;
  return 0;
}

static const char *get_last_error(struct ArrowArrayStream *stream) { return NULL; }

static void release_stream(struct ArrowArrayStream *stream) {
  struct frame *frame = stream->private_data;
  if (frame->schema.release) frame->schema.release(&frame->schema);
  if (frame->array.release) frame->array.release(&frame->array);
  free(frame);
  stream->release = NULL;
}

static char *copied(struct memory *memory, const char *text) {
  char *copy = keep(memory, strlen(text) + 1);
  return strcpy(copy, text);
}

static void set_bit(uint8_t *bits, R_xlen_t k) { bits[k >> 3] |= (uint8_t)(1u << (k & 7)); }

static void fill_texts(struct ArrowArray *array, struct memory *memory, SEXP texts) {
  R_xlen_t n = XLENGTH(texts);
  int64_t *offsets = keep(memory, (n + 1) * sizeof(int64_t));
  uint8_t *valid = keep(memory, n / 8 + 1);
  int64_t nulls = 0;
  for (R_xlen_t k = 0; k < n; k++) {
    SEXP string = STRING_ELT(texts, k);
    int is_there = string != NA_STRING;
    if (is_there) set_bit(valid, k); else nulls++;
    offsets[k + 1] = offsets[k] + (is_there ? (int64_t)strlen(Rf_translateCharUTF8(string)) : 0);
  }
  char *bytes = keep(memory, offsets[n]);
  for (R_xlen_t k = 0; k < n; k++)
    if (offsets[k + 1] > offsets[k])
      memcpy(bytes + offsets[k], Rf_translateCharUTF8(STRING_ELT(texts, k)), offsets[k + 1] - offsets[k]);
  array->buffers = keep(memory, 3 * sizeof(void *));
  array->buffers[0] = nulls ? valid : NULL;
  array->buffers[1] = offsets;
  array->buffers[2] = bytes;
  array->n_buffers = 3;
  array->null_count = nulls;
}

// bit64's integers are the bits of doubles, whose class says so whether the package is there or not.
static const char *fill_wide(struct ArrowArray *array, struct memory *memory, SEXP column) {
  R_xlen_t n = XLENGTH(column);
  uint8_t *valid = keep(memory, n / 8 + 1);
  int64_t *values = keep(memory, n * sizeof(int64_t)), nulls = 0;
  if (n) memcpy(values, REAL(column), n * sizeof(int64_t));
  for (R_xlen_t k = 0; k < n; k++)
    if (values[k] == INT64_MIN) nulls++; else set_bit(valid, k);
  array->buffers = keep(memory, 2 * sizeof(void *));
  array->buffers[0] = nulls ? valid : NULL;
  array->buffers[1] = values;
  array->n_buffers = 2;
  array->null_count = nulls;
  return "l";
}

static const char *fill(struct ArrowArray *array, struct ArrowSchema *schema, struct memory *memory,
                        struct memory *schema_memory, SEXP column) {
  R_xlen_t n = XLENGTH(column);
  array->length = n;
  array->release = release_child_array;
  if (TYPEOF(column) == STRSXP) {
    fill_texts(array, memory, column);
    return "U";
  }
  if (TYPEOF(column) == REALSXP && Rf_inherits(column, "integer64")) return fill_wide(array, memory, column);
  array->buffers = keep(memory, 2 * sizeof(void *));
  array->n_buffers = 2;
  uint8_t *valid = keep(memory, n / 8 + 1);
  int64_t nulls = 0;
  const char *format;
  if (TYPEOF(column) == REALSXP && Rf_inherits(column, "Date")) {
    int32_t *days = keep(memory, n * sizeof(int32_t));
    for (R_xlen_t k = 0; k < n; k++) {
      double value = REAL(column)[k];
      if (R_FINITE(value)) { set_bit(valid, k); days[k] = (int32_t)floor(value); } else nulls++;
    }
    array->buffers[1] = days;
    format = "tdD";
  } else if (TYPEOF(column) == REALSXP && Rf_inherits(column, "POSIXct")) {
    int64_t *times = keep(memory, n * sizeof(int64_t));
    for (R_xlen_t k = 0; k < n; k++) {
      double value = REAL(column)[k];
      if (R_FINITE(value)) { set_bit(valid, k); times[k] = (int64_t)llround(value * 1e6); } else nulls++;
    }
    array->buffers[1] = times;
    format = "tsu:";
  } else if (TYPEOF(column) == REALSXP) {
    array->buffers[1] = REAL(column);  // NA is a NaN; the vector outlives the call that reads it
    format = "g";
  } else if (TYPEOF(column) == LGLSXP) {
    uint8_t *bits = keep(memory, n / 8 + 1);
    for (R_xlen_t k = 0; k < n; k++) {
      int value = LOGICAL(column)[k];
      if (value == NA_LOGICAL) { nulls++; continue; }
      set_bit(valid, k);
      if (value) set_bit(bits, k);
    }
    array->buffers[1] = bits;
    format = "b";
  } else if (TYPEOF(column) == INTSXP) {
    int isFactor = Rf_inherits(column, "factor");
    int32_t *values = keep(memory, n * sizeof(int32_t));
    for (R_xlen_t k = 0; k < n; k++) {
      int value = INTEGER(column)[k];
      if (value == NA_INTEGER) { nulls++; continue; }
      set_bit(valid, k);
      values[k] = isFactor ? value - 1 : value;
    }
    array->buffers[1] = values;
    format = "i";
    if (isFactor) {
      SEXP levels = Rf_getAttrib(column, R_LevelsSymbol);
      struct ArrowArray *list = keep(memory, sizeof *list);
      list->length = XLENGTH(levels);
      list->release = release_child_array;
      fill_texts(list, memory, levels);
      array->dictionary = list;
      struct ArrowSchema *type = keep(schema_memory, sizeof *type);
      type->format = copied(schema_memory, "U");
      type->name = copied(schema_memory, "");
      type->release = release_child_schema;
      schema->dictionary = type;
    }
  } else {
    format = "?";  // refused by the library if the model uses it
  }
  array->buffers[0] = nulls ? valid : NULL;
  array->null_count = nulls;
  return format;
}

static struct ArrowArrayStream stream_of(SEXP data) {
  struct ArrowArrayStream stream = {get_schema, get_next, get_last_error, release_stream, NULL};
  struct frame *frame = calloc(1, sizeof *frame);
  stream.private_data = frame;
  struct memory *memory = calloc(1, sizeof *memory), *schema_memory = calloc(1, sizeof *schema_memory);
  R_xlen_t columns = XLENGTH(data);
  SEXP names = Rf_getAttrib(data, R_NamesSymbol);
  struct ArrowArray *array = &frame->array;
  struct ArrowSchema *schema = &frame->schema;
  array->private_data = memory;
  array->release = release_array;
  schema->private_data = schema_memory;
  schema->release = release_schema;
  schema->format = copied(schema_memory, "+s");
  schema->name = copied(schema_memory, "");
  schema->n_children = array->n_children = columns;
  schema->children = keep(schema_memory, columns * sizeof(void *));
  array->children = keep(memory, columns * sizeof(void *));
  array->buffers = keep(memory, sizeof(void *));
  array->n_buffers = 1;
  for (R_xlen_t k = 0; k < columns; k++) {
    struct ArrowSchema *type = schema->children[k] = keep(schema_memory, sizeof *type);
    struct ArrowArray *values = array->children[k] = keep(memory, sizeof *values);
    type->name = copied(schema_memory, Rf_translateCharUTF8(STRING_ELT(names, k)));
    type->release = release_child_schema;
    type->format = copied(schema_memory, fill(values, type, memory, schema_memory, VECTOR_ELT(data, k)));
    array->length = values->length;
  }
  return stream;
}

// Fits `data`, a list of columns, or the files among the options where it is NULL.
SEXP lmmr_fit(SEXP data, SEXP options) {
  int (*fit)(struct ArrowArrayStream *, const char *, lmm_model **, char **) = function("lmm_fit");
  struct ArrowArrayStream stream;
  if (data != R_NilValue) stream = stream_of(data);
  lmm_model *model = NULL;
  char *json = NULL;
  listen(1);
  int code = fit(data == R_NilValue ? NULL : &stream, text(options), &model, &json);
  listen(0);
  return result(code, json, model ? new_handle(model) : R_NilValue);
}

// Fits many responses of `data`, or of the files among the options where it is NULL.
SEXP lmmr_responses(SEXP data, SEXP options) {
  int (*fit)(struct ArrowArrayStream *, const char *, char **) = function("lmm_responses");
  struct ArrowArrayStream stream;
  if (data != R_NilValue) stream = stream_of(data);
  char *json = NULL;
  listen(1);
  int code = fit(data == R_NilValue ? NULL : &stream, text(options), &json);
  listen(0);
  return result(code, json, R_NilValue);
}

SEXP lmmr_load(SEXP path, SEXP options) {
  int (*load)(const char *, const char *, lmm_model **, char **) = function("lmm_load");
  lmm_model *model = NULL;
  char *json = NULL;
  int code = load(text(path), text(options), &model, &json);
  return result(code, json, model ? new_handle(model) : R_NilValue);
}

SEXP lmmr_save(SEXP handle, SEXP path) {
  int (*save)(const lmm_model *, const char *, char **) = function("lmm_save");
  char *json = NULL;
  int code = save(model_of(handle), text(path), &json);
  return result(code, json, R_NilValue);
}

// A question that takes a JSON text alone: lmm_info, lmm_columns.
SEXP lmmr_ask(SEXP name, SEXP options) {
  int (*ask)(const char *, char **) = function(text(name));
  char *json = NULL;
  int code = ask(text(options), &json);
  return result(code, json, R_NilValue);
}

SEXP lmmr_call(SEXP handle, SEXP request) {
  int (*call)(const lmm_model *, const char *, char **) = function("lmm_call");
  char *json = NULL;
  listen(1);
  int code = call(model_of(handle), text(request), &json);
  listen(0);
  return result(code, json, R_NilValue);
}

SEXP lmmr_compare(SEXP handles, SEXP request) {
  int (*compare)(const lmm_model *const *, size_t, const char *, char **) = function("lmm_compare");
  const lmm_model **models = (const lmm_model **)R_alloc(XLENGTH(handles), sizeof *models);
  for (R_xlen_t k = 0; k < XLENGTH(handles); k++) models[k] = model_of(VECTOR_ELT(handles, k));
  char *json = NULL;
  listen(1);
  int code = compare(models, XLENGTH(handles), text(request), &json);
  listen(0);
  return result(code, json, R_NilValue);
}

// Reads a stream of numbers and texts to its end.
static SEXP columns_of(struct ArrowArrayStream *stream, char *words, size_t room) {
  struct ArrowSchema schema;
  if (stream->get_schema(stream, &schema)) return R_NilValue;
  R_xlen_t count = schema.n_children;
  SEXP pieces = PROTECT(Rf_allocVector(VECSXP, 0));  // batches, each a list of columns
  SEXP names = PROTECT(Rf_allocVector(STRSXP, count));
  int *is_text = (int *)R_alloc(count, sizeof(int));
  for (R_xlen_t k = 0; k < count; k++) {
    SET_STRING_ELT(names, k, Rf_mkCharCE(schema.children[k]->name, CE_UTF8));
    is_text[k] = !strcmp(schema.children[k]->format, "u");
  }
  schema.release(&schema);
  R_xlen_t batches = 0, rows = 0;
  for (;;) {
    struct ArrowArray batch;
    int code = stream->get_next(stream, &batch);
    if (code) {
      const char *said = stream->get_last_error(stream);
      strncpy(words, said ? said : strerror(code), room - 1);
      UNPROTECT(2);
      return R_NilValue;
    }
    if (!batch.release) break;
    SEXP list = PROTECT(Rf_allocVector(VECSXP, count));
    for (R_xlen_t k = 0; k < count; k++) {
      struct ArrowArray *child = batch.children[k];
      SEXP column;
      if (is_text[k]) {
        column = Rf_allocVector(STRSXP, child->length);
        SET_VECTOR_ELT(list, k, column);
        const int32_t *offsets = child->buffers[1];
        const char *bytes = child->buffers[2];
        for (int64_t row = 0; row < child->length; row++)
          SET_STRING_ELT(
              column, row, Rf_mkCharLenCE(bytes + offsets[row], offsets[row + 1] - offsets[row], CE_UTF8));
      } else {
        column = Rf_allocVector(REALSXP, child->length);
        SET_VECTOR_ELT(list, k, column);
        const double *values = child->buffers[1];
        for (int64_t row = 0; row < child->length; row++)
          REAL(column)[row] = isnan(values[row]) ? NA_REAL : values[row];
      }
    }
    rows += batch.length;
    batch.release(&batch);
    if (batches == XLENGTH(pieces)) {
      SEXP more = PROTECT(Rf_allocVector(VECSXP, batches ? 2 * batches : 8));
      for (R_xlen_t k = 0; k < batches; k++) SET_VECTOR_ELT(more, k, VECTOR_ELT(pieces, k));
      UNPROTECT(4);
      pieces = PROTECT(more);
      PROTECT(names);
      PROTECT(list);
    }
    SET_VECTOR_ELT(pieces, batches++, list);
    UNPROTECT(1);
  }
  SEXP table = PROTECT(Rf_allocVector(VECSXP, count));
  for (R_xlen_t k = 0; k < count; k++) {
    SEXP column = Rf_allocVector(is_text[k] ? STRSXP : REALSXP, rows);
    SET_VECTOR_ELT(table, k, column);
    R_xlen_t next = 0;
    for (R_xlen_t b = 0; b < batches; b++) {
      SEXP piece = VECTOR_ELT(VECTOR_ELT(pieces, b), k);
      for (R_xlen_t row = 0; row < XLENGTH(piece); row++, next++)
        if (is_text[k]) SET_STRING_ELT(column, next, STRING_ELT(piece, row));
        else REAL(column)[next] = REAL(piece)[row];
    }
  }
  Rf_setAttrib(table, R_NamesSymbol, names);
  UNPROTECT(3);
  return table;
}

// predict, augment or simulate (by the function's name), or the conditional modes.
SEXP lmmr_table(SEXP name, SEXP handle, SEXP data, SEXP options) {
  const lmm_model *model = model_of(handle);
  void *f = function(text(name));
  struct ArrowArrayStream rows, out;
  memset(&out, 0, sizeof out);
  char *json = NULL;
  char words[4096] = "";
  int code;
  if (!strcmp(text(name), "lmm_ranef")) {
    int (*modes)(const lmm_model *, const char *, struct ArrowArrayStream *, char **) = f;
    code = modes(model, text(options), &out, &json);
  } else {
    int (*table)(
        const lmm_model *, struct ArrowArrayStream *, const char *, struct ArrowArrayStream *, char **) = f;
    if (data != R_NilValue) rows = stream_of(data);
    code = table(model, data == R_NilValue ? NULL : &rows, text(options), &out, &json);
  }
  if (code) return result(code, json, R_NilValue);
  listen(1);
  SEXP columns = PROTECT(columns_of(&out, words, sizeof words));
  listen(0);
  if (out.release) out.release(&out);
  SEXP answer;
  if (columns == R_NilValue) {
    ((void (*)(char *))function("lmm_free_text"))(json);
    answer = result(-1, NULL, Rf_ScalarString(Rf_mkCharCE(words, CE_UTF8)));
  } else {
    answer = result(code, json, columns);
  }
  UNPROTECT(1);
  return answer;
}

// What a function of the library makes of a model and rows, which may be NULL.
SEXP lmmr_of_rows(SEXP name, SEXP handle, SEXP data, SEXP options) {
  const lmm_model *model = model_of(handle);
  int (*make)(const lmm_model *, struct ArrowArrayStream *, const char *, char **) = function(text(name));
  struct ArrowArrayStream rows;
  if (data != R_NilValue) rows = stream_of(data);
  char *json = NULL;
  listen(1);
  int code = make(model, data == R_NilValue ? NULL : &rows, text(options), &json);
  listen(0);
  return result(code, json, R_NilValue);
}

// JSON as R's values: objects and arrays are lists, arrays of numbers or of strings vectors, null NULL.

struct reader {
  const char *next;
};

static SEXP value(struct reader *r);

static void blanks(struct reader *r) {
  while (*r->next == ' ' || *r->next == '\n' || *r->next == '\r' || *r->next == '\t') r->next++;
}

static SEXP string(struct reader *r) {
  const char *start = ++r->next;
  size_t room = 0;
  while (start[room] && start[room] != '"') room += start[room] == '\\' && start[room + 1] ? 2 : 1;
  char *out = R_alloc(room + 4, 1), *to = out;
  while (*r->next && *r->next != '"') {
    if (*r->next != '\\') {
      *to++ = *r->next++;
      continue;
    }
    r->next++;
    char c = *r->next++;
    switch (c) {
      case 'n': *to++ = '\n'; break;
      case 't': *to++ = '\t'; break;
      case 'r': *to++ = '\r'; break;
      case 'u': {
        char digits[5] = {0};
        strncpy(digits, r->next, 4);
        unsigned code = (unsigned)strtoul(digits, NULL, 16);
        r->next += strlen(digits);
        if (code < 0x80) {
          *to++ = (char)(code ? code : '?');
        } else if (code < 0x800) {
          *to++ = (char)(0xC0 | code >> 6);
          *to++ = (char)(0x80 | (code & 0x3F));
        } else {
          *to++ = (char)(0xE0 | code >> 12);
          *to++ = (char)(0x80 | (code >> 6 & 0x3F));
          *to++ = (char)(0x80 | (code & 0x3F));
        }
        break;
      }
      default: *to++ = c;
    }
  }
  if (*r->next == '"') r->next++;
  return Rf_mkCharLenCE(out, (int)(to - out), CE_UTF8);
}

static SEXP simplified(SEXP list, R_xlen_t n) {
  int numbers = n > 0, strings = n > 0, flags = n > 0;
  for (R_xlen_t k = 0; k < n; k++) {
    SEXP v = VECTOR_ELT(list, k);
    int scalar = v == R_NilValue || (XLENGTH(v) == 1 && TYPEOF(v) != VECSXP);
    if (!scalar || (v != R_NilValue && TYPEOF(v) != REALSXP)) numbers = 0;
    if (!scalar || (v != R_NilValue && TYPEOF(v) != STRSXP)) strings = 0;
    if (!scalar || (v != R_NilValue && TYPEOF(v) != LGLSXP)) flags = 0;
  }
  SEXP vector = PROTECT(Rf_allocVector(numbers ? REALSXP : strings ? STRSXP : flags ? LGLSXP : VECSXP, n));
  for (R_xlen_t k = 0; k < n; k++) {
    SEXP v = VECTOR_ELT(list, k);
    if (numbers) REAL(vector)[k] = v == R_NilValue ? NA_REAL : REAL(v)[0];
    else if (strings) SET_STRING_ELT(vector, k, v == R_NilValue ? NA_STRING : STRING_ELT(v, 0));
    else if (flags) LOGICAL(vector)[k] = v == R_NilValue ? NA_LOGICAL : LOGICAL(v)[0];
    else SET_VECTOR_ELT(vector, k, v);
  }
  UNPROTECT(1);
  return vector;
}

static SEXP many(struct reader *r, int is_object) {
  R_xlen_t n = 0, room = 8;
  PROTECT_INDEX at_list, at_names;
  SEXP list, names;
  PROTECT_WITH_INDEX(list = Rf_allocVector(VECSXP, room), &at_list);
  PROTECT_WITH_INDEX(names = Rf_allocVector(STRSXP, room), &at_names);
  r->next++;
  for (blanks(r); *r->next && *r->next != (is_object ? '}' : ']'); blanks(r)) {
    if (n == room) {
      room *= 2;
      REPROTECT(list = Rf_xlengthgets(list, room), at_list);
      REPROTECT(names = Rf_xlengthgets(names, room), at_names);
    }
    if (is_object) {
      SET_STRING_ELT(names, n, string(r));
      blanks(r);
      r->next++;  // :
    }
    SET_VECTOR_ELT(list, n++, value(r));
    blanks(r);
    if (*r->next == ',') r->next++;
  }
  if (*r->next) r->next++;
  SEXP result;
  if (is_object) {
    result = PROTECT(Rf_xlengthgets(list, n));
    Rf_setAttrib(result, R_NamesSymbol, Rf_xlengthgets(names, n));
  } else {
    result = PROTECT(simplified(list, n));
  }
  UNPROTECT(3);
  return result;
}

static SEXP value(struct reader *r) {
  blanks(r);
  switch (*r->next) {
    case '{': return many(r, 1);
    case '[': return many(r, 0);
    case '"': {
      SEXP one = PROTECT(string(r)), vector = Rf_ScalarString(one);
      UNPROTECT(1);
      return vector;
    }
    case 't': r->next += 4; return Rf_ScalarLogical(1);
    case 'f': r->next += 5; return Rf_ScalarLogical(0);
    case 'n': r->next += 4; return R_NilValue;
    default: {
      char *end;
      double number = strtod(r->next, &end);
      if (end == r->next) Rf_error("the answer of the library is no JSON");
      r->next = end;
      return Rf_ScalarReal(number);
    }
  }
}

SEXP lmmr_parse(SEXP json) {
  struct reader r = {text(json)};
  return value(&r);
}

static const R_CallMethodDef routines[] = {
    {"open", (DL_FUNC)lmmr_open, 1},       {"fit", (DL_FUNC)lmmr_fit, 2},
    {"load", (DL_FUNC)lmmr_load, 2},       {"save", (DL_FUNC)lmmr_save, 2},
    {"ask", (DL_FUNC)lmmr_ask, 2},         {"call", (DL_FUNC)lmmr_call, 2},
    {"compare", (DL_FUNC)lmmr_compare, 2}, {"table", (DL_FUNC)lmmr_table, 4},
    {"of_rows", (DL_FUNC)lmmr_of_rows, 4}, {"parse", (DL_FUNC)lmmr_parse, 1},
    {"responses", (DL_FUNC)lmmr_responses, 2}, {"interrupt", (DL_FUNC)lmmr_interrupt, 0},
    {NULL, NULL, 0}};

void R_init_lmmsparse(DllInfo *info) {
  R_registerRoutines(info, NULL, routines, NULL, NULL);
  R_useDynamicSymbols(info, FALSE);
}
