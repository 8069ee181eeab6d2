# SPDX-License-Identifier: GPL-2.0-or-later

ask <- function(object, command, ...) {
  request <- Filter(Negate(is.null), list(command = command, format = I(c("json", "summary", "tidy")), ...))
  answer(checked(.Call(C_call, object$handle, options_json(request))))
}

answer <- function(result) structure(result, class = "lmmsparse_answer")

print.lmmsparse_answer <- function(x, ...) {
  cat(x$summary)
  invisible(x)
}

#' @param table tidy, or of many responses also glance.
as.data.frame.lmmsparse_answer <- function(x, ..., table = "tidy") {
  read.csv(text = x[[table]], check.names = FALSE, stringsAsFactors = FALSE)
}

summary.slmer <- function(object, ddf = NULL, vcov = NULL, cluster = NULL, verbose = NULL, ...) {
  ask(object, "summary", ddf = ddf, vcov = vcov, cluster = cluster, verbose = verbose, ...)
}

print.slmer <- function(x, ...) {
  print(summary(x))
  invisible(x)
}

fixef <- function(object, ...) UseMethod("fixef")
ranef <- function(object, ...) UseMethod("ranef")
VarCorr <- function(x, sigma = 1, ...) UseMethod("VarCorr")

fixef.slmer <- function(object, add.dropped = FALSE, ...) {
  values <- numbers(lapply(object$json$fixed, function(row) row$estimate))
  names(values) <- vapply(object$json$fixed, function(row) row$term, "")
  if (add.dropped) values else values[!is.na(values)]
}

coef.slmer <- function(object, ...) fixef(object, ...)

vcov.slmer <- function(object, ...) {
  names <- unlist(object$json$vcov_names)
  matrix(as.numeric(unlist(object$json$vcov)), length(names), byrow = TRUE, dimnames = list(names, names))
}

# A list of data frames by grouping factor, with their standard deviations as attribute.
ranef.slmer <- function(object, ...) {
  table <- .Call(C_table, "lmm_ranef", object$handle, NULL, "{}")
  checked(table)
  rows <- as.data.frame(table[[3]], stringsAsFactors = FALSE, optional = TRUE)
  wide <- function(part, column) {
    terms <- unique(part$term)
    levels <- part$level[part$term == terms[1]]
    values <- lapply(terms, function(term) part[[column]][part$term == term])
    structure(values, names = terms, row.names = levels, class = "data.frame")
  }
  # A second term on a factor is called Subject.1; lme4 has the columns of both in one frame.
  first <- sub("\\.[0-9]+$", "", rows$group)
  rows$group <- ifelse(first %in% rows$group, first, rows$group)
  groups <- unique(rows$group)
  modes <- lapply(groups, function(group) {
    part <- rows[rows$group == group, ]
    structure(wide(part, "estimate"), condSD = wide(part, "std.error"))
  })
  structure(modes, names = groups)
}

# Numbers of JSON, NA for null.
numbers <- function(values) vapply(values, function(v) if (is.null(v)) NA_real_ else as.numeric(v), 0)

# A list of covariance matrices by term, with attributes stddev and correlation, as lme4's.
VarCorr.slmer <- function(x, sigma = 1, ...) {
  terms <- x$json$random
  components <- lapply(terms, function(term) {
    names <- unlist(term$terms)
    square <- function(values) {
      matrix(unlist(lapply(values, numbers)), length(names), byrow = TRUE, dimnames = list(names, names))
    }
    sd <- stats::setNames(numbers(term$sd), names)
    structure(square(term$cov), stddev = sd, correlation = square(term$corr))
  })
  names(components) <- vapply(terms, function(term) term$group, "")
  structure(components, sc = x$json$sigma)
}

logLik.slmer <- function(object, ...) {
  structure(object$json$log_likelihood, df = object$json$nobs - object$json$df_residual,
    nobs = object$json$nobs, class = "logLik")
}

nobs.slmer <- function(object, ...) as.integer(object$json$nobs)
sigma.slmer <- function(object, ...) object$json$sigma
df.residual.slmer <- function(object, ...) object$json$df_residual
formula.slmer <- function(x, ...) stats::as.formula(x$json$formula, env = parent.frame())

# Rows for the library, and the options with their files: a data frame, files, or those of the fit.
given_rows <- function(object, newdata, options, weights = NULL, offset = NULL) {
  data <- if (is.null(newdata)) object$data else newdata
  if (is.null(data)) stop("the rows of the fit are gone: give newdata.", call. = FALSE)
  if (is.character(data)) {
    options$data <- path.expand(data)
    return(list(data = NULL, options = options_json(options)))
  }
  model <- list(
    formula = object$json$formula, weights = if (is.null(weights)) object$json$weights else weights,
    offset = if (is.null(offset)) object$json$offset else offset)
  list(data = used_columns(model, data, complete = FALSE), options = options_json(options))
}

# A table of the library's for rows.
row_table <- function(object, name, newdata, options, weights = NULL, offset = NULL) {
  rows <- given_rows(object, newdata, options, weights, offset)
  answer <- .Call(C_table, name, object$handle, rows$data, rows$options)
  checked(answer)
  as.data.frame(answer[[3]], optional = TRUE)
}

#' Cook's distance of every level of a grouping factor, and the changes of the coefficients without its rows.
influence.slmer <- function(model, groups, newdata = NULL, ...) {
  rows <- given_rows(model, newdata, list(group = groups, format = I(c("json", "summary", "tidy")), ...))
  answer(checked(.Call(C_of_rows, "lmm_influence", model$handle, rows$data, rows$options)))
}

# What the library makes of a fit and its rows, which are left out where they are not at hand and not needed.
of_rows <- function(object, name, newdata, options, needed) {
  options <- Filter(Negate(is.null), options)
  rows <- if (needed || !is.null(newdata) || !is.null(object$data)) given_rows(object, newdata, options)
    else list(data = NULL, options = options_json(options))
  checked(.Call(C_of_rows, name, object$handle, rows$data, rows$options))
}

#' A figure as SVG, drawn by gnuplot: data, residuals, qq, coefficients, means (with means = "~ f"), deviations,
#' correlations, caterpillar, shrinkage, map, correlogram, variogram, profile or
#' trace.
#' @param file Where to write it; NULL: a temporary file, which the browser shows in an interactive session.
#' @return The file's name, invisibly.
plot.slmer <- function(x, kind = "residuals", file = NULL, group = NULL, newdata = NULL, ...) {
  made <- of_rows(x, "lmm_plot", newdata, list(kind = kind, group = group, ...), kind %in% c("data", "residuals", "variogram"))
  written(made$figure, file, ".svg")
}

#' One page of HTML with summary, tests, intervals and figures.
#' @return The file's name, invisibly.
report_page <- function(object, file = NULL, newdata = NULL) {
  written(of_rows(object, "lmm_report", newdata, list(), FALSE)$html, file, ".html")
}

written <- function(text, file, suffix) {
  shown <- is.null(file)
  if (shown) file <- tempfile(fileext = suffix)
  writeLines(enc2utf8(text), file, useBytes = TRUE)
  if (shown && interactive()) browseURL(file)
  invisible(file)
}

#' What the estimators do where the fit is true, by Monte Carlo: bias, spread, coverage and power.
#' @param beta Other true coefficients, "Days=5,10"; sd: other standard deviations, "Subject:Days=3".
#' @param copies "Subject=1,2": designs with so many times the levels; "rows=2": with so many times the rows.
#' @param method "REML" or "ML"; NULL: both.
study <- function(object, beta = NULL, sd = NULL, sigma = NULL, copies = NULL, nsim = 1000, seed = 1, method = NULL,
                  ddf = "satterthwaite", level = 0.95, profile = FALSE) {
  ask(object, "study", beta = beta, sd = if (!is.null(sd)) I(sd), sigma = sigma,
      copies = if (!is.null(copies)) I(copies), replicates = nsim, seed = seed, method = method, ddf = ddf,
      level = level, profile = if (profile) TRUE)
}

#' @param re.form NULL: all random effects; NA or ~0: none; a formula such as ~ (1 | g).
#' @param interval none, confidence or prediction.
predict.slmer <- function(object, newdata = NULL, re.form = NULL, se.fit = FALSE, interval = "none",
                          level = 0.95, ddf = NULL, allow.new.levels = FALSE, ...) {
  random <- if (is.null(re.form)) "all" else if (inherits(re.form, "formula")) formula_text(re.form)
    else if (length(re.form) == 1 && is.na(re.form)) "none" else re.form
  columns <- row_table(object, "lmm_predict", newdata, list(
    random = random, se = se.fit, interval = interval, level = level, ddf = ddf,
    allow_new_levels = allow.new.levels))
  if (se.fit || interval != "none") columns else columns[[".fitted"]]
}

augmented <- function(object) row_table(object, "lmm_augment", NULL, list())
fitted.slmer <- function(object, ...) augmented(object)[[".fitted"]]
residuals.slmer <- function(object, type = c("response", "pearson"), ...) {
  augmented(object)[[if (match.arg(type) == "pearson") ".wtres" else ".resid"]]
}

simulate.slmer <- function(object, nsim = 1, seed = NULL, newdata = NULL, use.u = FALSE, ...) {
  if (is.null(seed)) seed <- sample.int(.Machine$integer.max, 1)
  row_table(object, "lmm_simulate", newdata, list(
    replicates = nsim, seed = seed, random = if (use.u) "kept" else "new"))
}

anova.slmer <- function(object, ..., type = 3, ddf = "satterthwaite", vcov = NULL, cluster = NULL,
                        boundary = "naive", simulations = NULL, replicates = NULL, seed = 1) {
  others <- Filter(function(x) inherits(x, "slmer"), list(...))
  if (!length(others)) return(ask(object, "anova", type = type, ddf = ddf, vcov = vcov, cluster = cluster))
  compared(c(list(object), others), command = "anova", boundary = boundary, simulations = simulations,
    replicates = replicates, seed = seed)
}

compared <- function(fits, ...) {
  request <- Filter(Negate(is.null), list(format = I(c("json", "summary", "tidy")), ...))
  handles <- lapply(fits, function(fit) fit$handle)
  answer(checked(.Call(C_compare, handles, options_json(request))))
}

#' @param nsim,seed,interval Of the method bootstrap: replicates, and percentile or basic.
confint.slmer <- function(object, parm = NULL, level = 0.95, method = "profile", ddf = "satterthwaite",
                          vcov = NULL, cluster = NULL, nsim = NULL, seed = NULL, interval = NULL, ...) {
  ask(object, "confint", method = tolower(method), level = level, ddf = ddf, vcov = vcov, cluster = cluster,
    replicates = nsim, seed = seed, interval = interval, parameters = if (is.null(parm)) NULL else I(parm), ...)
}

drop1_terms <- function(object, ddf = "satterthwaite", vcov = NULL, cluster = NULL, ...) {
  ask(object, "drop1", ddf = ddf, vcov = vcov, cluster = cluster, ...)
}

#' Fixed effects with tests; absorbed: those of absorbed factors' levels, too, se: with their standard errors.
fixed_effects <- function(object, absorbed = FALSE, se = FALSE, ddf = NULL, vcov = NULL, cluster = NULL, ...) {
  ask(object, "fixef", absorbed = absorbed, se = se, ddf = ddf, vcov = vcov, cluster = cluster, ...)
}

#' Submodels of the random part, and the one that lrt, aic or bic selects.
select_random <- function(object, by = "lrt", alpha = 0.1, most = 200) {
  ask(object, "select", by = by, alpha = alpha, most = most)
}

#' Fits of one model to several completed tables, pooled by Rubin's rules.
pool <- function(fits, ddf = "satterthwaite", level = 0.95, vcov = NULL, cluster = NULL, ...) {
  compared(fits, command = "pool", ddf = ddf, level = level, vcov = vcov, cluster = cluster, ...)
}

#' @param simulations,nsim,seed Draws of the boundary exact, and replicates of bootstrap.
ranova <- function(object, boundary = "mixture", simulations = NULL, nsim = NULL, seed = NULL, ...) {
  ask(object, "ranova", boundary = boundary, simulations = simulations, replicates = nsim, seed = seed, ...)
}
#' @param decompose Two absorbed factors, whose effects' variances and covariance are wanted.
variance <- function(object, ratio = NULL, level = 0.95, decompose = NULL, seed = 1) {
  if (!is.null(decompose)) {
    return(ask(object, "variance", decompose = I(decompose), level = level, seed = seed))
  }
  ask(object, "variance", ratio = if (is.null(ratio)) NULL else I(ratio), level = level)
}

#' @param hypothesis Such as "Days = 10"; or rows of L.
contrast <- function(object, hypothesis = NULL, L = NULL, ddf = "satterthwaite", level = 0.95, vcov = NULL,
                     cluster = NULL, ...) {
  if (!is.null(L)) {
    if (!is.matrix(L)) L <- t(L)
    L <- lapply(seq_len(nrow(L)), function(k) I(as.numeric(L[k, ])))
  }
  options <- list(object, "contrast", ddf = ddf, level = level, vcov = vcov, cluster = cluster, ...)
  if (!is.null(hypothesis)) options$hypothesis <- I(hypothesis)
  if (!is.null(L)) options$L <- L
  do.call(ask, options)
}

#' @param means A formula or text, ~ f | g.
#' @param compare pairwise, control (with control: the level), consecutive or polynomial.
#' @param custom A list by name of weights of the means, list("a against others" = c(1, -0.5, -0.5)).
#' @param adjust tukey, dunnett, sidak, bonferroni, holm or none.
#' @param type model, or response: transformed back.
#' @param trends A number whose slopes are wanted in place of means.
#' @param at A list by variable of values, list(x = 1:2).
#' @param cell_weights equal or proportional.
marginal_means <- function(object, means, pairwise = FALSE, at = NULL, ddf = "satterthwaite", level = 0.95,
                           compare = NULL, control = NULL, custom = NULL, adjust = NULL, type = NULL,
                           trends = NULL, cell_weights = NULL, vcov = NULL, cluster = NULL, ...) {
  if (inherits(means, "formula")) means <- paste(deparse(means), collapse = " ")
  options <- list(
    object, "emmeans", means = means, pairwise = if (pairwise) TRUE else NULL, ddf = ddf, level = level,
    compare = compare, control = control, custom = if (is.null(custom)) NULL else lapply(custom, I), adjust = adjust, type = type,
    trends = trends, cell_weights = cell_weights, vcov = vcov, cluster = cluster, ...)
  if (length(at)) options$at <- lapply(at, function(x) I(as.character(x)))
  do.call(ask, options)
}

bootstrap <- function(object, null = NULL, nsim = 1000, seed = 1, level = 0.95) {
  if (!is.null(null)) {
    return(compared(list(object, null), command = "bootstrap", replicates = nsim, seed = seed))
  }
  ask(object, "bootstrap", replicates = nsim, seed = seed, level = level)
}
