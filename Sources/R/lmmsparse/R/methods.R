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

#' @return An answer, with lme4's coefficients (a matrix), sigma, logLik, varcor, ngrps, AICtab and vcov.
summary.slmer <- function(object, ddf = NULL, vcov = NULL, cluster = NULL, verbose = NULL, ...) {
  made <- ask(object, "summary", ddf = ddf_name(ddf), vcov = vcov, cluster = cluster, verbose = verbose, ...)
  rows <- Filter(function(row) !is.null(row$estimate), made$json$fixed)
  columns <- c(Estimate = "estimate", "Std. Error" = "std_error", df = "df", "t value" = "statistic", "Pr(>|t|)" = "p_value")
  values <- vapply(columns, function(name) field(rows, name), numeric(length(rows)))
  values <- matrix(values, length(rows), dimnames = list(vapply(rows, function(row) row$term, ""), names(columns)))
  keep <- c(TRUE, TRUE, !all(is.na(values[, "df"])), TRUE, !all(is.na(values[, "Pr(>|t|)"])))
  structure(c(unclass(made), list(
    coefficients = values[, keep, drop = FALSE], sigma = object$json$sigma, logLik = logLik.slmer(object),
    varcor = VarCorr.slmer(object), ngrps = ngrps.slmer(object), vcov = vcov.slmer(object), call = object$call,
    AICtab = c(AIC = object$json$aic, BIC = object$json$bic))), class = c("summary.slmer", "lmmsparse_answer"))
}

print.slmer <- function(x, ...) {
  print(summary(x))
  invisible(x)
}

fixef.slmer <- function(object, add.dropped = FALSE, ...) {
  no_more("fixef", ...)
  values <- numbers(lapply(object$json$fixed, function(row) row$estimate))
  names(values) <- vapply(object$json$fixed, function(row) row$term, "")
  if (add.dropped) values else values[!is.na(values)]
}

vcov.slmer <- function(object, ...) {
  no_more("vcov", ...)
  names <- unlist(object$json$vcov_names)
  matrix(as.numeric(unlist(object$json$vcov)), length(names), byrow = TRUE, dimnames = list(names, names))
}

#' @param REML FALSE of a fit by REML: lme4's log-likelihood at its estimates of theta.
logLik.slmer <- function(object, REML = NULL, ...) {
  no_more("logLik", ...)
  structure(-criterion(object, REML) / 2, df = object$json$nobs - object$json$df_residual,
    nobs = object$json$nobs, class = "logLik")
}

# -2 log L by the fit's criterion, or by the other at the same theta.
criterion <- function(object, REML = NULL) {
  own <- object$json$method == "REML"
  if (is.null(REML) || REML == own) return(-2 * object$json$log_likelihood)
  -2 * fitted_again(object, reml = REML, theta = I(as.numeric(unlist(object$json$theta$values))), start = NULL)$json$log_likelihood
}

deviance.slmer <- function(object, REML = NULL, ...) {
  no_more("deviance", ...)
  criterion(object, REML)
}

extractAIC.slmer <- function(fit, scale = 0, k = 2, ...) {
  no_more("extractAIC", ...)
  value <- logLik.slmer(fit)
  c(attr(value, "df"), -2 * as.numeric(value) + k * attr(value, "df"))
}

family.slmer <- function(object, ...) stats::gaussian()

#' @param use.fallback What stats' callers give; there is nothing to fall back on.
nobs.slmer <- function(object, use.fallback = FALSE, ...) {
  no_more("nobs", ...)
  as.integer(object$json$nobs)
}

sigma.slmer <- function(object, use.fallback = TRUE, ...) {
  no_more("sigma", ...)
  object$json$sigma
}

df.residual.slmer <- function(object, ...) {
  no_more("df.residual", ...)
  object$json$df_residual
}

#' @param fixed.only TRUE: without the random terms.
formula.slmer <- function(x, fixed.only = FALSE, ...) {
  no_more("formula", ...)
  if (fixed.only) return(fixed_formula(x))
  environment <- if (is.null(x$environment)) globalenv() else x$environment
  stats::as.formula(x$json$formula, env = environment)
}

#' Cook's distance of every level of a grouping factor, and the changes of the coefficients without its rows.
#' @param groups May be left out where there is one grouping factor.
influence.slmer <- function(model, groups, newdata = NULL, ...) {
  if (missing(groups)) {
    groups <- names(ngrps.slmer(model))
    if (length(groups) != 1) stop("influence() needs groups, one of ", paste(groups, collapse = ", "), ".", call. = FALSE)
  }
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
      copies = if (!is.null(copies)) I(copies), replicates = nsim, seed = seed, method = method, ddf = ddf_name(ddf),
      level = level, profile = if (profile) TRUE)
}

#' Fixed effects with tests; absorbed: those of absorbed factors' levels, too, se: with their standard errors.
fixed_effects <- function(object, absorbed = FALSE, se = FALSE, ddf = NULL, vcov = NULL, cluster = NULL, ...) {
  ask(object, "fixef", absorbed = absorbed, se = se, ddf = ddf_name(ddf), vcov = vcov, cluster = cluster, ...)
}

#' Submodels of the random part, and the one that lrt, aic or bic selects.
select_random <- function(object, by = "lrt", alpha = 0.1, most = 200) {
  ask(object, "select", by = by, alpha = alpha, most = most)
}

#' Fits of one model to several completed tables, pooled by Rubin's rules.
pool <- function(fits, ddf = "satterthwaite", level = 0.95, vcov = NULL, cluster = NULL, ...) {
  if (inherits(fits, "slmer")) fits <- list(fits)
  others <- !vapply(fits, inherits, NA, "slmer")
  if (inherits(fits, "mira") || !is.list(fits) || any(others)) return(theirs("mice", "pool", fits)(fits, ...))
  compared(fits, command = "pool", ddf = ddf_name(ddf), level = level, vcov = vcov, cluster = cluster, ...)
}

#' @param simulations,nsim,seed Draws of the boundary exact, and replicates of bootstrap.
ranova.slmer <- function(object, boundary = "mixture", simulations = NULL, nsim = NULL, seed = NULL, ...) {
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
contrast.slmer <- function(object, hypothesis = NULL, L = NULL, ddf = "satterthwaite", level = 0.95, vcov = NULL,
                     cluster = NULL, ...) {
  if (!is.null(L)) {
    if (!is.matrix(L)) L <- t(L)
    L <- lapply(seq_len(nrow(L)), function(k) I(as.numeric(L[k, ])))
  }
  options <- list(object, "contrast", ddf = ddf_name(ddf), level = level, vcov = vcov, cluster = cluster, ...)
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
  if (inherits(means, "formula") && length(means) == 3 && identical(means[[2]], quote(pairwise))) {
    pairwise <- TRUE
    means <- means[-2]
  }
  if (inherits(means, "formula")) means <- paste(deparse(means), collapse = " ")
  if (!grepl("~", means[1], fixed = TRUE)) means <- paste("~", paste(means, collapse = " + "))
  options <- list(
    object, "emmeans", means = means, pairwise = if (pairwise) TRUE else NULL, ddf = ddf_name(ddf), level = level,
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
