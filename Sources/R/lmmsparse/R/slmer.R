# SPDX-License-Identifier: GPL-2.0-or-later

#' Fits a linear mixed model.
#'
#' `data` is a data frame, or names of files that the library reads itself. Arguments have lme4's names; levels and
#' contrasts of factors are those of the data frame. Others have
#' the names and meanings of lmm.h.
#'
#' @param weights,offset A column, its name or an expression as text, or numbers for all rows; subset: which rows.
#' @param add,drop Terms that are added to the formula or taken out of it, "z + (1 | h)".
#' @param absorb Factors with a fixed effect for every level that is not reported.
#' @param residual_by What tells residual variances apart: a column, or ~ a + b.
#' @param residual Covariances between the residuals of a subject, "us(visit | subject)".
#' @param relationship,precision A list by grouping factor of covariances between its levels, or of their
#'   inverses: a file, a matrix with row names, dense or one of Matrix; as relationship also a pedigree, a data
#'   frame with individual, sire and dam.
#' @param neighbours A list by grouping factor of levels that are next to each other: a file, a data frame or list
#'   of two columns, or a matrix with row names that is not zero for neighbours.
#' @param covary Two factors of one relationship whose effects at a level have a covariance.
#' @param parent_groups A list by grouping factor of names that stand for unknown parents in its pedigree.
#' @param group_variance Variance of these groups' means, as a multiple of the additive variance.
#' @param hold Parameters that are known, c("sd_x|g" = 2).
#' @param start Numbers, or a file with an older fit.
#' @param vcov,cluster model or CR0 to CR3, and the column of clusters.
#' @param missing Texts that mean missing; with encoding, decimal and separator for data that are files.
#' @param accuracy,probe_seed Standard error wanted of a criterion that is estimated, and another draw of its
#'   random vectors.
#' @param keep_products FALSE takes less memory; such a fit cannot be saved.
slmer <- function(formula, data, REML = TRUE, weights = NULL, offset = NULL, na.action = "na.omit",
                  contrasts = NULL, factor = NULL, levels = NULL, ddf = "satterthwaite", start = NULL,
                  theta = NULL, sigma = NULL, solver = NULL, threads = NULL, pedigree = NULL, absorb = NULL,
                  residual_by = NULL, residual = NULL, relationship = NULL, precision = NULL, hold = NULL,
                  vcov = NULL, cluster = NULL, parent_groups = NULL, group_variance = NULL, add = NULL, drop = NULL,
                  neighbours = NULL, covary = NULL, missing = NULL, encoding = NULL, decimal = NULL,
                  separator = NULL, sparse_fixed = NULL, optimizer = NULL, max_evaluations = NULL,
                  tolerance = NULL, accuracy = NULL, probe_seed = NULL, keep_products = NULL, subset = NULL, ...) {
  others(list(...))
  rows <- rows_of_call(formula, data, substitute(subset), substitute(weights), weights, substitute(offset), offset, parent.frame())
  formula <- with_point(formula, rows$data)
  asked <- request(rows$data, list(
    formula = formula, reml = REML, weights = rows$weights, offset = rows$offset, na = na.action, contrasts = contrasts,
    factor = factor, levels = levels, ddf = ddf_name(ddf), start = start, theta = theta, sigma = sigma, solver = solver,
    threads = threads, pedigree = pedigree, absorb = absorb, residual_by = residual_by, residual = residual,
    relationship = relationship, precision = precision, hold = hold, vcov = vcov, cluster = cluster,
    parent_groups = parent_groups, group_variance = group_variance, add = add, drop = drop,
    neighbours = neighbours, covary = covary, missing = missing, encoding = encoding, decimal = decimal,
    separator = separator, sparse_fixed = sparse_fixed, optimizer = optimizer, max_evaluations = max_evaluations,
    tolerance = tolerance, accuracy = accuracy, probe_seed = probe_seed, keep_products = keep_products, ...))
  if (!is.null(asked$frame)) asked$options$residuals <- n_rows(asked$frame) <= 5e6
  fit_of(asked$frame, asked$options, if (is.null(asked$frame)) rows$data else asked$frame, list(
    call = match.call(), options = asked$options, row_names = rows$row_names, environment = rows$environment,
    na_action = if (identical(na.action, stats::na.exclude) || identical(na.action, "na.exclude")) "exclude" else "omit"))
}

# A fit, and what R has to know of it besides.
fit_of <- function(frame, options, data, more) {
  answer <- .Call(C_fit, frame, options_json(options))
  fit <- new_fit(checked(answer), answer[[3]], data, more$call)
  fit[names(more)] <- more
  fit$ddf <- if (is.null(options$ddf)) "satterthwaite" else options$ddf
  fit
}

# The same rows and model with other options.
fitted_again <- function(object, ...) {
  if (is.null(object$options)) stop("the rows of the fit are gone: fit it again with slmer().", call. = FALSE)
  changes <- list(...)
  options <- object$options
  options[names(changes)] <- changes
  options <- Filter(Negate(is.null), options)
  fit_of(if (is.list(object$data)) object$data, options, object$data,
    list(call = object$call, options = options, row_names = object$row_names, environment = object$environment,
      na_action = object$na_action))
}

#' Fits one model to many responses, which share one reading of the rows.
#'
#' @param formula cbind(y1, log(y2)) ~ x + (1 | g), or ~ x + (1 | g) with responses.
#' @param responses Names of columns, or a regular expression that names match, "/^gene/".
#' @param ... Other arguments of slmer but those for one response.
#' @return An answer whose as.data.frame has the estimates of every response, and with table = "glance" a row for
#'   each; responses that cannot be fitted are among them, with the reason as message.
slmer_many <- function(formula, data, responses = NULL, REML = TRUE, na.action = "na.omit", weights = NULL, offset = NULL,
                       subset = NULL, ...) {
  others(list(...))
  rows <- rows_of_call(formula, data, substitute(subset), substitute(weights), weights, substitute(offset), offset, parent.frame())
  formula <- with_point(formula, rows$data)
  is_expression <- length(responses) == 1 && grepl("^/.+/$", responses)
  asked <- request(rows$data, list(
    formula = formula, reml = REML, na = na.action, weights = rows$weights, offset = rows$offset,
    responses = if (is.null(responses) || is_expression) responses else I(responses), ...))
  asked$options$format <- I(c("json", "summary", "tidy", "glance"))
  answer(checked(.Call(C_responses, asked$frame, options_json(asked$options))))
}

# Arguments of lmer and glmer that have no meaning here are told by their names.
others <- function(arguments) {
  if (any(names(arguments) == "family")) {
    stop("slmer() fits linear mixed models, which have no family =: lme4's glmer() fits generalized ones.", call. = FALSE)
  }
  if (any(names(arguments) == "control")) {
    stop("slmer() has no control =: its search is set by optimizer, max_evaluations, tolerance and start.", call. = FALSE)
  }
  unnamed <- if (is.null(names(arguments))) length(arguments) else sum(!nzchar(names(arguments)))
  if (unnamed) stop("slmer() has no further arguments without a name.", call. = FALSE)
}

# Arguments as the library takes them, and the columns of a data frame that the model may use; NULL for files.
request <- function(data, options) {
  open_library()
  options <- Filter(Negate(is.null), options)
  on_missing <- function(x) {
    if (is.function(x)) {
      x <- if (identical(x, stats::na.fail)) "fail" else if (identical(x, stats::na.omit) || identical(x, stats::na.exclude)) "omit"
        else stop("na.action takes na.omit, na.exclude or na.fail.", call. = FALSE)
    }
    sub("^exclude$", "omit", sub("^na\\.", "", x))
  }
  each <- function(convert) function(x) lapply(x, convert)
  converted <- list(
    formula = formula_text, residual_by = formula_text, na = on_missing,
    levels = each(I), pedigree = each(known), relationship = each(known), precision = each(known),
    parent_groups = each(I), neighbours = each(pairs_of_levels), hold = as.list)
  for (name in intersect(names(options), names(converted))) options[[name]] <- converted[[name]](options[[name]])
  options <- options[!vapply(options, function(x) is.list(x) && !length(x), NA)]
  frame <- NULL
  if (is.character(data)) options$data <- path.expand(data) else frame <- used_columns(options, data)
  if (!is.null(options$contrasts)) options$contrasts <- given_codings(options$contrasts, frame)
  if (!is.null(frame)) options <- with_factors(options, frame)
  list(frame = frame, options = options)
}

# What is known of how levels hang together: a file, a pedigree, a matrix or the entries of a sparse one.
known <- function(x) {
  if (is.character(x) && length(x) == 1) return(path.expand(x))
  if (is.list(x)) {
    names <- c("individual", "sire", "dam")
    if (!all(names %in% names(x))) stop("a pedigree has the columns individual, sire and dam", call. = FALSE)
    return(lapply(x[names], function(column) I(as.character(column))))
  }
  levels <- rownames(x)
  if (is.null(levels)) stop("a matrix of levels needs their names as row names", call. = FALSE)
  if (inherits(x, "sparseMatrix")) {
    x <- methods::as(methods::as(x, "generalMatrix"), "TsparseMatrix")
    return(list(row = I(levels[x@i + 1L]), column = I(levels[x@j + 1L]), value = I(x@x)))
  }
  x <- as.matrix(x)
  list(levels = I(levels), values = unname(lapply(seq_len(nrow(x)), function(k) I(as.numeric(x[k, ])))))
}

# Which levels are neighbours: a file, or pairs of names.
pairs_of_levels <- function(x) {
  if (is.character(x) && length(x) == 1) return(path.expand(x))
  if (is.list(x)) {
    if (length(x) < 2) stop("neighbours are two columns of levels", call. = FALSE)
    columns <- if (all(c("row", "column") %in% names(x))) x[c("row", "column")] else x[1:2]
    return(list(row = I(as.character(columns[[1]])), column = I(as.character(columns[[2]]))))
  }
  levels <- rownames(x)
  if (is.null(levels)) stop("a matrix of neighbours needs the levels as row names", call. = FALSE)
  pairs <- which(as.matrix(x) != 0, arr.ind = TRUE)
  list(row = I(levels[pairs[, 1]]), column = I(levels[pairs[, 2]]))
}

formula_text <- function(formula) {
  if (!inherits(formula, "formula")) return(formula)
  paste(deparse(formula, width.cutoff = 500L), collapse = " ")
}

new_fit <- function(json, handle, data, call) {
  structure(list(json = json, handle = handle, data = data, call = call), class = "slmer")
}

load_lmm <- function(path, ddf = "satterthwaite", vcov = NULL, cluster = NULL, solver = NULL, threads = NULL,
                     keep_products = NULL) {
  open_library()
  answer <- .Call(C_load, path.expand(path), options_json(list(
    ddf = ddf_name(ddf), vcov = vcov, cluster = cluster, solver = solver, threads = threads,
    keep_products = keep_products)))
  fit <- new_fit(checked(answer), answer[[3]], NULL, match.call())
  fit$ddf <- ddf_name(ddf)
  fit
}

save_lmm <- function(object, path) {
  checked(.Call(C_save, object$handle, path.expand(path)))
  invisible(path)
}
