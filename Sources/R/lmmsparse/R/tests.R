# SPDX-License-Identifier: GPL-2.0-or-later
# Tables of tests and intervals: R's data frames and matrices, with the library's answer beside, whose text is
# printed, and whose json, summary and tidy are found by $.

with_answer <- function(values, answer, class) {
  structure(values, answer = answer, class = c(paste0("lmmsparse_", class), if (class == "table") c("anova", "data.frame")))
}

answer_part <- function(x, name) {
  if (name %in% c("json", "summary", "tidy", "messages")) list(attr(x, "answer")[[name]])
}

`$.lmmsparse_table` <- function(x, name) {
  part <- answer_part(x, name)
  if (is.null(part)) unclass(x)[[name]] else part[[1]]
}

`$.lmmsparse_intervals` <- function(x, name) {
  part <- answer_part(x, name)
  if (is.null(part)) stop("intervals are a matrix; besides they have $json, $summary and $tidy.", call. = FALSE)
  part[[1]]
}

print.lmmsparse_table <- function(x, ...) {
  answer <- attr(x, "answer")
  if (is.null(answer)) NextMethod() else print(answer)
  invisible(x)
}
print.lmmsparse_intervals <- function(x, ...) {
  print(attr(x, "answer"))
  invisible(x)
}
as.data.frame.lmmsparse_table <- function(x, row.names = NULL, optional = FALSE, ...) as.data.frame(attr(x, "answer"), ...)
as.data.frame.lmmsparse_intervals <- as.data.frame.lmmsparse_table

field <- function(rows, name) numbers(lapply(rows, function(row) row[[name]]))

f_table <- function(answer) {
  terms <- answer$json$terms
  values <- data.frame(
    "Sum Sq" = field(terms, "sum_sq"), "Mean Sq" = field(terms, "mean_sq"), NumDF = field(terms, "num_df"),
    DenDF = field(terms, "den_df"), "F value" = field(terms, "statistic"), "Pr(>F)" = field(terms, "p_value"),
    row.names = vapply(terms, function(term) term$term, ""), check.names = FALSE)
  with_answer(values, answer, "table")
}

ratio_table <- function(answer) {
  models <- answer$json$models
  values <- data.frame(
    npar = field(models, "npar"), AIC = field(models, "aic"), BIC = field(models, "bic"),
    logLik = field(models, "log_likelihood"), deviance = field(models, "deviance"), Chisq = field(models, "statistic"),
    Df = field(models, "df"), "Pr(>Chisq)" = field(models, "p_value"),
    row.names = make.unique(vapply(models, function(model) model$name, "")), check.names = FALSE)
  with_answer(values, answer, "table")
}

#' @param type 1, 2 or 3, or as lmerTest "I", "II" or "III".
#' @param refit TRUE: several fits are compared by ML, as lme4 does; FALSE: by the criterion of the fits, unless their
#'   fixed parts differ.
anova.slmer <- function(object, ..., type = 3, ddf = "satterthwaite", vcov = NULL, cluster = NULL, refit = FALSE,
                        boundary = "naive", simulations = NULL, replicates = NULL, seed = 1) {
  others <- list(...)
  named <- names(others)
  if (any(nzchar(named))) no_more("anova", ...)
  for (other in others) if (!inherits(other, "slmer")) {
    stop("anova() compares fits of slmer() with each other, not with a ", class(other)[1], ".", call. = FALSE)
  }
  if (!length(others)) {
    return(f_table(ask(object, "anova", type = type_number(type), ddf = ddf_name(ddf), vcov = vcov, cluster = cluster)))
  }
  fits <- c(list(object), others)
  if (refit) fits <- lapply(fits, by_likelihood)
  ratio_table(compared(fits, command = "anova", boundary = boundary, simulations = simulations, replicates = replicates,
    seed = seed))
}

by_likelihood <- function(object) if (object$json$method == "ML") object else fitted_again(object, reml = FALSE)

compared <- function(fits, ...) {
  request <- Filter(Negate(is.null), list(format = I(c("json", "summary", "tidy")), ...))
  handles <- lapply(fits, function(fit) fit$handle)
  answer(checked(.Call(C_compare, handles, options_json(request))))
}

#' @param parm Names of parameters, their numbers, "beta_" or "theta_"; lme4's ".sig01" and ".sigma" are understood.
#' @param method profile, Wald, or boot (bootstrap).
#' @param nsim,seed,interval Of the method bootstrap: replicates, and percentile or basic.
#' @param boot.type,oldNames,quiet lme4's: perc or basic, names such as .sig01, and nothing, as nothing is told.
#' @return A matrix with a row for every parameter.
confint.slmer <- function(object, parm = NULL, level = 0.95, method = "profile", ddf = "satterthwaite",
                          vcov = NULL, cluster = NULL, nsim = NULL, seed = NULL, interval = NULL, boot.type = NULL,
                          oldNames = FALSE, quiet = TRUE, ...) {
  # Without random effects intervals by t are exact.
  method <- if (missing(method) && !length(object$json$random)) "wald" else tolower(method[1])
  if (method == "boot") method <- "bootstrap"
  if (is.null(interval) && !is.null(boot.type)) interval <- if (boot.type[1] == "perc") "percentile" else boot.type[1]
  if (is.numeric(parm) || any(grepl("^\\.sig", parm))) parm <- parameters_named(object, parm)
  answer <- ask(object, "confint", method = method, level = level, ddf = ddf_name(ddf), vcov = vcov, cluster = cluster,
    replicates = nsim, seed = seed, interval = interval, parameters = if (is.null(parm)) NULL else I(parm), ...)
  rows <- answer$json$intervals
  names <- vapply(rows, function(row) row$parameter, "")
  if (oldNames) names <- old_names(object)[names]
  ends <- paste(format(100 * c((1 - level) / 2, 1 - (1 - level) / 2), trim = TRUE, scientific = FALSE, digits = 3), "%")
  values <- matrix(c(field(rows, "lower"), field(rows, "upper")), ncol = 2, dimnames = list(unname(names), ends))
  with_answer(values, answer, "intervals")
}

parameter_names <- function(object) {
  rows <- ask(object, "confint", method = "wald")$json$intervals
  list(names = vapply(rows, function(row) row$parameter, ""), effects = vapply(rows, function(row) row$effect, ""))
}

# lme4's names by ours.
old_names <- function(object) {
  all <- parameter_names(object)
  old <- all$names
  random <- all$effects == "ran_pars" & all$names != "sigma"
  old[random] <- sprintf(".sig%02d", seq_len(sum(random)))
  old[all$names == "sigma"] <- ".sigma"
  stats::setNames(old, all$names)
}

parameters_named <- function(object, parm) {
  old <- old_names(object)
  found <- if (is.numeric(parm)) names(old)[parm] else ifelse(parm %in% old, names(old)[match(parm, old)], parm)
  if (anyNA(found)) stop("confint(): parm takes numbers from 1 to ", length(old), ".", call. = FALSE)
  found
}

drop1_terms <- function(object, ddf = "satterthwaite", vcov = NULL, cluster = NULL, ...) {
  f_table(ask(object, "drop1", ddf = ddf_name(ddf), vcov = vcov, cluster = cluster, ...))
}

drop1.slmer <- function(object, scope, ddf = "satterthwaite", vcov = NULL, cluster = NULL, ...) {
  no_more("drop1", ...)
  table <- drop1_terms(object, ddf = ddf, vcov = vcov, cluster = cluster)
  if (missing(scope)) return(table)
  wanted <- if (inherits(scope, "formula")) attr(stats::terms(scope), "term.labels") else scope
  unknown <- setdiff(wanted, rownames(table))
  if (length(unknown)) stop("drop1(): \"", unknown[1], "\" is no term that can be dropped alone.", call. = FALSE)
  class(table) <- c("anova", "data.frame")
  structure(table[wanted, ], answer = NULL)
}
