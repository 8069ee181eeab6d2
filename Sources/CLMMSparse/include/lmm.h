// SPDX-License-Identifier: GPL-2.0-or-later
//
// Linear mixed models of lmm-sparse for any language that can call C: rows come and go as Arrow C streams,
// settings and results as JSON in UTF-8.
//
//   lmm_model *model = NULL;
//   char *json = NULL;
//   if (lmm_fit(&rows, "{\"formula\": \"y ~ x + (1 + x | g)\"}", &model, &json) == LMM_OK) puts(json);
//   lmm_free_text(json);
//   lmm_free(model);
//
// Contracts of all functions
//
// - They return a code of enum lmm_code. With LMM_OK, *json is the result, an object; otherwise it is
//     {"error": {"code": "data", "message": "…", "place": {"file": …, "row": …, "column": …}}}
//   where `code` is one of request, data, formula, fit, inference, file, range, memory, interrupted and
//   failed, `message` says what to do, and of `place` there is what is known (of a formula its text and
//   `position`, counted in characters from 0). `json` may be NULL if nobody wants it; else *json is always
//   set, and is the caller's, who gives it to lmm_free_text. Handles (*model, *products) are NULL unless the
//   call succeeded.
// - A stream that is handed over belongs to the library from then on, whatever happens: its `release` is NULL
//   on return, and the library releases it when it is read, or on an error. `rows` may be NULL where "data"
//   among the options names files (CSV, TSV, gzip; model files .lmm of lmm_save and lmm_save_products).
//   Batches are taken one after another, each by one thread, but not always by the thread that called.
// - Columns are found by name; those that a model does not use are not touched. Types that are read, by their
//   Arrow formats: integers c C s S i I l L, numbers f g, decimals d:…, booleans b, strings and binaries u U
//   z Z vu vz, which are labels whatever they look like, dates tdD tdm (days since 1970 as numbers;
//   2026-11-30 as labels), timestamps ts… (seconds since 1970; 2026-11-30 10:06:53 as labels), null n, and
//   dictionaries of these, which are labels. Null is missing, and so is NaN. Another type is an error that
//   names the column. Batches may be sliced, empty, and larger than 2³¹ rows. Sizes and offsets are checked
//   where the interface tells the size of a buffer; it does not tell that of strings.
// - Nothing is printed, no signal is handled, the process is never ended, and no file is written but those
//   that are named. Handles do not change: several threads may use one at a time, and fit several models at
//   once. Threads are started by a call and have ended when it returns. Do not fork while a call is under
//   way; before and after is fine.
// - Numbers are those of the command-line program to the last bit where the same rows arrive in one piece of
//   1 MiB of text or 32,768 rows; sums of larger tables are added up in other pieces, and then agree to
//   rounding.
//
// Options and requests are JSON objects; their names are those of the program's options, with _ for -. An
// unknown name is an error. NULL is an empty object.
//
// Options of fits
//   formula        text, as R writes it
//   drop, add      text or list of texts: terms that are taken out of the formula and added to it, "x + (1 | g)"
//   absorb         text or list of texts: factors with a fixed effect for every level that is not reported, as
//                  behind the bar of "y ~ x + (1 | g) | a + b"
//   data           file or list of files, in place of rows
//   name           what messages call the rows; default: data
//   reml           default true; false: maximum likelihood
//   weights        column, or an expression, as "1/v"
//   offset         column
//   residual_by    what tells residual variances apart: a column, or "~ a + b"
//   residual       covariances between the residuals of a subject: "us(visit | subject)", "ar1(…)", …
//   factor         column or list of columns that are categorical even if they are numbers
//   levels         object: column to list of levels, the first is the base
//   contrasts      treatment, sum, helmert, poly, deviation or sdif for all factors, or an object: column to
//                  one of these, or to an object with levels, columns and values, a matrix with a row for every
//                  level
//   na             omit (default) or fail
//   missing        text or list of texts that mean missing
//   encoding       of files: utf-8 (default), latin1 or windows-1252; decimal and separator, too, are of files
//   decimal        . (default) or ,
//   separator      one character, or tab; default: found in the header line
//   ddf            satterthwaite (default), kenward-roger, residual or none
//   vcov, cluster  covariance of the coefficients, model, CR0 to CR3 or HC0 to HC3, and the column of clusters
//   sparse_fixed   "auto", "none", or names of factors whose columns in the fixed part are kept sparse
//   optimizer      auto (default), newton, bobyqa, …; max_evaluations and tolerance
//   start          θ in the reported order, an object: values by the names of θ, or the path of a model file with
//                  an older fit
//   theta          where it is known, in the reported order
//   sigma          where it is known
//   hold           object: names of single standard deviations and correlations to their values, "sd_x|g", "rho|g"
//   solver         auto (default), absorb, cholmod or matrix-free
//   accuracy       target standard error of a criterion that is estimated; probe_seed: of its random vectors
//   threads        default: all cores
//   relationship   object: grouping factor to what is known of the covariances of its levels: the path of a file,
//                  a pedigree, which is an object with individual, sire and dam, lists of labels, null for an
//                  unknown parent, a matrix, which is an object with levels and values, a list of numbers for every
//                  level, or its entries, an object with the lists row, column and value
//   precision      the same of the inverses of covariance matrices, of which no pedigree is one
//   pedigree       object: grouping factor to a pedigree, as in relationship
//   neighbours     object: grouping factor to the name of a file, or to the lists row and column, pairs of levels
//                  that are neighbours: a conditional autoregression
//   covary         two grouping factors of one relationship whose effects at a level have a covariance
//   parent_groups  object: grouping factor to names that stand for unknown parents in its pedigree, whose means
//                  differ; group_variance: theirs, as a multiple of the additive variance, default 1
//   ranef          true: the result has the conditional modes
//   residuals      true: quantiles of the scaled residuals, for which the rows stay in memory
//                  until they were read a second time
//   residual_rows  of how many used rows at most; default: of any number
//   keep_rows      true: rows of a stream stay in memory until the call ends, so that models fit that take them
//                  twice: knots that are quantiles, ns(x, df = 3), means by groups, subjects in scattered rows
//   keep_products  default true; false takes less memory, and lmm_save is refused
#ifndef LMM_H
#define LMM_H

#include <stddef.h>
#include <stdint.h>

#include <arrow_c_stream.h>

#ifdef __cplusplus
extern "C" {
#endif

enum lmm_code {
  LMM_OK = 0,
  LMM_FAILED = 1,       // the data, the model or the machine do not allow it
  LMM_MISUSED = 2,      // the request is wrong
  LMM_INTERRUPTED = 3,  // a callback wanted an end
};

// A fitted model.
typedef struct lmm_model lmm_model;

// The cross-products of some rows: their share of a model.
typedef struct lmm_products lmm_products;

// Told what is going on, as JSON: {"stage": "reading" or "residuals", "rows": …, "bytes": …, "total_bytes": …},
// {"stage": "evaluating", "evaluation": …, "criterion": …, "theta": […], "seconds": …},
// {"stage": "rows", "rows": …}, {"stage": "profile", "bootstrap", "study" or "responses", "done": …, "of": …},
// {"stage": "note", "text": …}. The text lives during the call. A result other than 0 ends the work, which then
// returns LMM_INTERRUPTED.
typedef int (*lmm_progress)(const char *event, void *context);

// Sets the callback of calls by this thread, until it sets another one; NULL: none. It is called by this
// thread only.
void lmm_on_progress(lmm_progress report, void *context);

// The version, such as "0.4.0"; not to be freed.
const char *lmm_version(void);

// Makes the messages of this process call settings as "options" of this interface, as "python" or as "r"
// writes them. Called once, before anything else; without it they are called as Swift calls them.
int lmm_speak(const char *front, char **json);

// Versions, the BLAS in use and whether its kernels fit the processor, cores. Option: self_test, which
// compares the BLAS with plain loops: "passed", or the first difference.
int lmm_info(const char *options, char **json);

// The columns that a model may use, by its formula, add, drop, absorb, weights, offset, cluster, residual_by and
// residual: for those who fetch rows; of these "formula" has the ones that the formula needs. With many responses
// as in lmm_responses; "names" are the columns that there are, among which a regular expression chooses.
int lmm_columns(const char *options, char **json);

// Fits a model; the result is that of the program's `fit --json`.
int lmm_fit(struct ArrowArrayStream *rows, const char *options, lmm_model **model, char **json);

// Fits one model to many responses, which share one reading of the rows; those of a stream stay in memory during
// the call. "formula" is "cbind(y1, log(y2)) ~ x + (1 | g)", or "~ x + (1 | g)" with "responses", names of columns
// or "/regular expression/". Other options: weights, offset, those of reading, search and relationships, reml,
// sparse_fixed, ddf, ranef, and "format" as in lmm_call, also glance. The result is that of the program's
// `fit --responses`: a response that cannot be fitted has null for its fit, and says why in "message".
int lmm_responses(struct ArrowArrayStream *rows, const char *options, char **json);

// Sizes, strategies, memory and predicted time of a fit, which is not made.
int lmm_plan(struct ArrowArrayStream *rows, const char *options, char **json);

// Cross-products of some rows. Formula, add, drop, absorb, data, name, weights, offset, cluster, residual_by,
// residual, factor, levels, contrasts, na, missing, encoding, decimal, separator and threads among the options. Rows
// may be none. The result has formula, nobs, nobs_omitted, data and messages.
int lmm_crossprod(
    struct ArrowArrayStream *rows, const char *options, lmm_products **products, char **json);

// Adds up cross-products of one model, in any order; the sum does not need them any more. With residual all rows of
// a subject must be in one of them.
int lmm_merge(
    const lmm_products *const *parts, size_t count, lmm_products **sum, char **json);

// Fits the model of cross-products, or the one of "formula" with some of its terms, or with "drop" the one that is
// left; of the options those that are not about rows. Of products for one structure of visits, residual may be
// another of the same visits and subjects.
int lmm_fit_products(
    const lmm_products *products, const char *options, lmm_model **model, char **json);

int lmm_save_products(const lmm_products *products, const char *path, char **json);
int lmm_load_products(const char *path, lmm_products **products, char **json);

// Answers a question about a model. "command" is one of
//   summary     format, ranef, verbose; tests
//   fixef       absorbed: true for the effects of absorbed factors' levels, too, se for their standard errors; tests
//   ranef
//   anova       type: 1, 2 or 3 (default); tests
//   drop1       tests
//   ranova      boundary: naive, mixture (default), exact or bootstrap; simulations, replicates, seed
//   select      submodels of the random part; by: lrt (default), aic or bic; alpha, most
//   contrast    hypothesis: text or list of texts such as "Days = 10"; L: list of rows of numbers; tests, level
//   confint     method: profile (default), wald or bootstrap; parameters, level, tests; replicates, seed, interval:
//               percentile or basic; points: of every curve on either side, with method profile and format
//               tidy
//   emmeans     means: "~ f | g"; pairwise: true, or compare: pairwise, control (with control: the level),
//               consecutive or polynomial, or custom: object of weights by name; adjust: tukey, dunnett, sidak,
//               bonferroni, holm or none; type: model or response; trends: a number; at: object of lists;
//               cell_weights: equal or proportional; tests, level
//   variance    ratio: expression or list of expressions; level
//   bootstrap   replicates, seed, level; csv: true for a table of all replicates
//   study       what the estimators do where the fit is true, by Monte Carlo: bias, spread, coverage, power. beta:
//               "Days=5,10"; sd: "Subject:Days=3" or a list; sigma; copies: "Subject=1,2" or a list; replicates, seed;
//               method: REML or ML, default both; ddf, level, profile; csv: true for a table of all replicates
// where "tests" are ddf, vcov and cluster, by default satterthwaite and the covariance of the fit.
// All take "format": json (default), summary, tidy, markdown, html or latex, and summary also glance. The result is
// the report's object, or else {"text": …, "messages": […]}. A list of forms gives all of one computation by
// their names, {"json": {…}, "summary": "…", "messages": […]}.
int lmm_call(const lmm_model *model, const char *request, char **json);

// Compares models of the same rows. "command" is anova (likelihood-ratio tests; boundary, simulations,
// replicates, seed), bootstrap (of two models; replicates, seed, csv), or pool (fits of one model to several
// completed tables by Rubin's rules; level, tests).
int lmm_compare(
    const lmm_model *const *models, size_t count, const char *request, char **json);

// Tables of a model, row by row: *out gives batches as they are asked for, with double columns, null where
// there is no number. *out keeps what it needs of the model and releases rows when it is released. An error
// in the middle is told by its get_last_error; notes come as events to the callback that the thread that
// reads has then.
//
// predict: .fitted, with se: .se.fit, with interval (confidence or prediction): .lower and .upper. Options:
// random (all, none or "~ (1 | g)"), se, interval, level, ddf, allow_new_levels, weights, offset, data,
// missing, threads.
int lmm_predict(
    const lmm_model *model, struct ArrowArrayStream *rows, const char *options,
    struct ArrowArrayStream *out, char **json);

// augment: .fitted, .resid, .fixed, .wtres, where residuals are correlated .normres, with influence: .hat and .cooksd. Options: influence,
// allow_new_levels, weights, offset, data, missing, threads.
int lmm_augment(
    const lmm_model *model, struct ArrowArrayStream *rows, const char *options,
    struct ArrowArrayStream *out, char **json);

// What leaving out the rows of every level of a grouping factor would do to the coefficients, θ and σ held, from
// the rows of the fit: a table with nobs, Cook's distance and changes, in the forms of lmm_call. Options: group,
// format, weights, offset, data, missing, threads.
int lmm_influence(
    const lmm_model *model, struct ArrowArrayStream *rows, const char *options, char **json);

// A figure of a model, {"figure": "…"}, drawn by gnuplot, which is looked for on PATH. "kind" is data, residuals, qq,
// coefficients, means, deviations, correlations, caterpillar, shrinkage, map, correlogram, variogram, profile or trace;
// data, residuals and variogram need the rows of the fit, qq draws their residuals if they are there, the others take rows as NULL. Options: as: svg
// (default), text, or gp for the commands; group, x, layout (panels or lines); of means what emmeans takes: means,
// type, trends, at, cell_weights, level; tests; title, xlabel, ylabel, size: [width, height]; data.
int lmm_plot(
    const lmm_model *model, struct ArrowArrayStream *rows, const char *options, char **json);

// Summary, tests, intervals and figures on one page, {"html": "…"}; without rows the figures of them are left out.
// Options: tests, data.
int lmm_report(
    const lmm_model *model, struct ArrowArrayStream *rows, const char *options, char **json);

// simulate: sim_1, sim_2, … Options: replicates, seed, random (new or kept), data, missing, threads.
int lmm_simulate(
    const lmm_model *model, struct ArrowArrayStream *rows, const char *options,
    struct ArrowArrayStream *out, char **json);

// The conditional modes: columns group, level, term (strings), estimate and std.error.
int lmm_ranef(
    const lmm_model *model, const char *options, struct ArrowArrayStream *out, char **json);

// A model file, whole or not at all. Options of lmm_load: ranef, threads, solver, ddf,
// vcov, cluster, keep_products.
int lmm_save(const lmm_model *model, const char *path, char **json);
int lmm_load(const char *path, const char *options, lmm_model **model, char **json);

// All take NULL.
void lmm_free(lmm_model *model);
void lmm_free_products(lmm_products *products);
void lmm_free_text(char *text);

#ifdef __cplusplus
}
#endif

#endif  // LMM_H
