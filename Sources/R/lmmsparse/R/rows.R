# SPDX-License-Identifier: GPL-2.0-or-later
# What has a value for every row: predictions, residuals, replicates, prior weights, leverages.

# Rows for the library, and the options with their files: a data frame, files, or those of the fit.
given_rows <- function(object, newdata, options, weights = NULL, offset = NULL) {
  data <- if (is.null(newdata)) object$data else newdata
  if (is.null(data)) stop("the rows of the fit are gone: give newdata.", call. = FALSE)
  if (is.character(data)) {
    options$data <- path.expand(data)
    return(list(data = NULL, options = options_json(options)))
  }
  if (!is.list(data)) stop("newdata is a data frame, or names of files, not a ", class(data)[1], ".", call. = FALSE)
  model <- list(
    formula = object$json$formula, weights = if (is.null(weights)) object$json$weights else weights,
    offset = if (is.null(offset)) object$json$offset else offset)
  if (!is.null(newdata)) data <- with_variables(data, model$formula, object$environment)
  list(data = used_columns(model, data, complete = FALSE), options = options_json(options))
}

# A table of the library's for rows.
row_table <- function(object, name, newdata, options, weights = NULL, offset = NULL) {
  rows <- given_rows(object, newdata, options, weights, offset)
  answer <- .Call(C_table, name, object$handle, rows$data, rows$options)
  checked(answer)
  as.data.frame(answer[[3]], optional = TRUE)
}

# Rows are numbered in names up to so many; names of their own they have in any case.
most_named <- 1e6

# Names or numbers of rows; NULL: from 1.
row_names_of <- function(data) if (is.data.frame(data) && .row_names_info(data) > 0) attr(data, "row.names")

row_labels <- function(names, n) {
  if (is.null(names)) names <- seq_len(n)
  if (is.character(names) || n <= most_named) as.character(names)
}

# Which rows of the fit were left out, by the residuals, which are missing there.
left_out <- function(object, residuals = augmented(object)[[".resid"]]) {
  if (object$json$nobs_omitted > 0) which(is.na(residuals)) else integer()
}

# The values of the fit's rows: without those that were left out, which na.exclude shows as NA.
of_fit <- function(object, values, omitted) {
  names(values) <- row_labels(object$row_names, length(values))
  if (!length(omitted)) return(values)
  if (identical(object$na_action, "exclude")) replace(values, omitted, NA) else values[-omitted]
}

#' @param re.form NULL: all random effects; NA or ~0: none; a formula such as ~ (1 | g).
#' @param random.only TRUE: the random effects' share alone.
#' @param interval none, confidence or prediction.
#' @param type lme4's link or response, which are the same in a linear model.
#' @param na.action na.pass: NA for rows of newdata that miss something; na.omit: no value for them; na.fail: an error.
predict.slmer <- function(object, newdata = NULL, re.form = NULL, se.fit = FALSE, interval = "none",
                          level = 0.95, ddf = NULL, allow.new.levels = FALSE, random.only = FALSE,
                          type = c("response", "link"), na.action = stats::na.pass, ...) {
  no_more("predict", ...)
  match.arg(type)
  interval <- match.arg(interval, c("none", "confidence", "prediction"))
  random <- if (is.null(re.form)) "all" else if (inherits(re.form, "formula")) formula_text(re.form)
    else if (length(re.form) == 1 && is.na(re.form)) "none" else re.form
  options <- list(random = random, se = se.fit, interval = interval, level = level, ddf = ddf_name(ddf),
    allow_new_levels = allow.new.levels)
  columns <- row_table(object, "lmm_predict", newdata, options)
  if (random.only) {
    if (se.fit || interval != "none") stop("predict() has no standard errors of random effects alone: see ranef().", call. = FALSE)
    options$random <- "none"
    columns[[".fitted"]] <- columns[[".fitted"]] - row_table(object, "lmm_predict", newdata, options)[[".fitted"]]
  }
  if (is.null(newdata)) {
    omitted <- left_out(object)
    columns <- lapply(columns, function(values) of_fit(object, values, omitted))
  } else {
    columns <- lapply(columns, stats::setNames, row_labels(row_names_of(newdata), nrow(columns)))
    columns <- on_missing_predictions(columns, na.action)
  }
  if (!se.fit && interval == "none") return(columns[[".fitted"]])
  names <- names(columns[[1]])
  columns <- as.data.frame(lapply(columns, unname), optional = TRUE)
  if (!is.null(names)) row.names(columns) <- names
  columns
}

on_missing_predictions <- function(columns, action) {
  if (is.null(action) || identical(action, stats::na.pass) || identical(action, stats::na.exclude)) return(columns)
  missing <- is.na(columns[[".fitted"]])
  if (!any(missing)) return(columns)
  if (identical(action, stats::na.omit)) return(lapply(columns, function(values) values[!missing]))
  if (identical(action, stats::na.fail)) stop("predict(): missing values in newdata.", call. = FALSE)
  stop("predict(): na.action takes na.pass, na.exclude, na.omit or na.fail.", call. = FALSE)
}

augmented <- function(object, newdata = NULL, ...) row_table(object, "lmm_augment", newdata, list(...))

fitted.slmer <- function(object, ...) {
  no_more("fitted", ...)
  columns <- augmented(object)
  of_fit(object, columns[[".fitted"]], left_out(object, columns[[".resid"]]))
}

#' @param type response and working, or pearson and deviance: times the square root of the prior weights.
#' @param scaled TRUE: in units of sigma.
residuals.slmer <- function(object, type = c("response", "pearson", "working", "deviance"), scaled = FALSE, ...) {
  no_more("residuals", ...)
  columns <- augmented(object)
  values <- columns[[if (match.arg(type) %in% c("pearson", "deviance")) ".wtres" else ".resid"]]
  if (scaled) values <- values / object$json$sigma
  of_fit(object, values, left_out(object, columns[[".resid"]]))
}

hatvalues.slmer <- function(model, ...) {
  no_more("hatvalues", ...)
  columns <- augmented(model, influence = TRUE)
  of_fit(model, columns[[".hat"]], left_out(model, columns[[".resid"]]))
}

cooks.distance.slmer <- function(model, ...) {
  no_more("cooks.distance", ...)
  columns <- augmented(model, influence = TRUE)
  of_fit(model, columns[[".cooksd"]], left_out(model, columns[[".resid"]]))
}

#' @return Prior weights of the rows that were used, 1 where the model has none.
weights.slmer <- function(object, type = c("prior", "working"), ...) {
  no_more("weights", ...)
  match.arg(type)
  given <- object$json$weights
  if (is.null(given)) return(rep(1, object$json$nobs))
  if (!is.list(object$data)) stop("weights(): the rows of the fit are not in R.", call. = FALSE)
  values <- if (given %in% names(object$data)) object$data[[given]] else eval(str2lang(given), object$data, object$environment)
  omitted <- left_out(object)
  as.numeric(if (length(omitted)) values[-omitted] else values)
}

#' @param use.u TRUE, or re.form = NULL: the random effects of the fit; otherwise, or with re.form = NA, new ones.
simulate.slmer <- function(object, nsim = 1, seed = NULL, newdata = NULL, use.u = FALSE, re.form = NA, ...) {
  no_more("simulate", ...)
  if (!missing(re.form)) {
    if (!is.null(re.form) && !identical(formula_text(re.form), "~0") && !identical(re.form, NA)) {
      stop("simulate(): re.form takes NULL (the random effects of the fit) or NA (new ones).", call. = FALSE)
    }
    use.u <- is.null(re.form)
  }
  if (is.null(seed)) seed <- sample.int(.Machine$integer.max, 1)
  columns <- row_table(object, "lmm_simulate", newdata, list(
    replicates = nsim, seed = seed, random = if (use.u) "kept" else "new"))
  if (!is.null(newdata) || is.null(object$data)) return(columns)
  omitted <- left_out(object)
  if (length(omitted)) {
    if (identical(object$na_action, "exclude")) columns[omitted, ] <- NA else columns <- columns[-omitted, , drop = FALSE]
  }
  columns
}
