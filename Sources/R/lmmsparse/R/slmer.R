# SPDX-License-Identifier: GPL-2.0-or-later

#' Fits a linear mixed model.
#'
#' `data` is a data frame, or names of files that the library reads itself. Arguments have lme4's names, but
#' weights and offset are names of columns; levels and ordered factors are those of the data frame. Others are
#' the options of lmm.h.
#'
#' @param absorb Factors with a fixed effect for every level that is not reported.
#' @param residual_by What tells residual variances apart: a column, or ~ a + b.
#' @param residual Covariances between the residuals of a subject, "us(visit | subject)".
#' @param relationship,precision A list by grouping factor of covariances between its levels, or of their
#'   inverses: a file, a matrix with row names, dense or one of Matrix; as relationship also a pedigree, a data
#'   frame with individual, sire and dam.
#' @param parent_groups A list by grouping factor of names that stand for unknown parents in its pedigree.
#' @param group_variance Variance of these groups' means, as a multiple of the additive variance.
#' @param hold Parameters that are known, c("sd_x|g" = 2).
#' @param start Numbers, or a file with an older fit.
#' @param vcov,cluster model or CR0 to CR3, and the column of clusters.
slmer <- function(formula, data, REML = TRUE, weights = NULL, offset = NULL, na.action = "na.omit",
                  contrasts = NULL, factor = NULL, levels = NULL, ddf = "satterthwaite", start = NULL,
                  theta = NULL, sigma = NULL, solver = NULL, threads = NULL, pedigree = NULL, absorb = NULL,
                  residual_by = NULL, residual = NULL, relationship = NULL, precision = NULL, hold = NULL,
                  vcov = NULL, cluster = NULL, parent_groups = NULL, group_variance = NULL, ...) {
  open_library()
  if (is.function(na.action)) {
    na.action <- if (identical(na.action, stats::na.fail)) "na.fail" else "na.omit"
  }
  coding <- function(x) if (is.character(x)) sub("^contr\\.", "", x) else matrix_coding(x)
  options <- list(
    formula = formula_text(formula), reml = REML, weights = weights, offset = offset,
    na = sub("^na\\.", "", na.action), contrasts = lapply(contrasts, coding), factor = factor,
    levels = lapply(levels, I), ddf = ddf, start = start, theta = theta, sigma = sigma, solver = solver,
    threads = threads, pedigree = lapply(pedigree, known), absorb = absorb,
    residual_by = if (is.null(residual_by)) NULL else formula_text(residual_by), residual = residual,
    relationship = lapply(relationship, known), precision = lapply(precision, known), hold = as.list(hold),
    vcov = vcov, cluster = cluster, parent_groups = lapply(parent_groups, I),
    group_variance = group_variance, ...)
  options <- options[!vapply(options, function(x) is.list(x) && !length(x), NA)]
  frame <- NULL
  if (is.character(data)) {
    options$data <- path.expand(data)
  } else {
    stopifnot("data is neither a data frame nor names of files" = is.list(data))
    frame <- used_columns(options, data)
    options <- with_factors(options, frame)
    options$residuals <- nrow(data) <= 5e6
  }
  answer <- .Call(C_fit, frame, options_json(options))
  new_fit(checked(answer), answer[[3]], if (is.null(frame)) data else frame, match.call())
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

formula_text <- function(formula) {
  if (!inherits(formula, "formula")) return(formula)
  paste(deparse(formula, width.cutoff = 500L), collapse = " ")
}

new_fit <- function(json, handle, data, call) {
  structure(list(json = json, handle = handle, data = data, call = call), class = "slmer")
}

matrix_coding <- function(x) {
  if (is.null(rownames(x))) stop("a matrix of contrasts needs the levels as row names")
  columns <- if (is.null(colnames(x))) as.character(seq_len(ncol(x))) else colnames(x)
  list(levels = I(rownames(x)), columns = I(columns),
    values = unname(lapply(seq_len(nrow(x)), function(k) I(as.numeric(x[k, ])))))
}

# What says which columns a model may use.
model_options <- c(
  "formula", "add", "drop", "absorb", "weights", "offset", "cluster", "residual_by", "residual")

# The columns that the model may use, as plain vectors.
used_columns <- function(options, data, complete = TRUE) {
  wanted <- checked(.Call(
    C_ask, "lmm_columns", options_json(options[intersect(names(options), model_options)])))
  if (complete && !all(unlist(wanted$formula) %in% names(data))) {
    # The library says which column is not there, and which may be meant: it is given all names.
    return(stats::setNames(lapply(names(data), function(name) numeric()), names(data)))
  }
  columns <- as.list(data)[intersect(names(data), unlist(wanted$columns))]
  if (!length(columns)) columns <- as.list(data)[1]
  lapply(columns, function(x) if (inherits(x, "POSIXlt")) as.POSIXct(x) else x)
}

# R's order of levels, and polynomials for ordered factors; factors of many levels keep the library's order.
with_factors <- function(options, frame) {
  for (name in names(frame)) {
    x <- frame[[name]]
    if (!is.factor(x) || nlevels(x) > 1000) next
    present <- levels(x)[tabulate(x, nlevels(x)) > 0]
    if (is.null(options$levels[[name]]) && is.unsorted(order(present, method = "radix"))) {
      options$levels[[name]] <- I(present)
    }
    if (is.ordered(x) && is.null(options$contrasts[[name]])) {
      options$levels[[name]] <- I(present)
      options$contrasts[[name]] <- "poly"
    }
  }
  options
}

load_lmm <- function(path, ddf = "satterthwaite", vcov = NULL, cluster = NULL) {
  open_library()
  answer <- .Call(C_load, path.expand(path), options_json(list(ddf = ddf, vcov = vcov, cluster = cluster)))
  new_fit(checked(answer), answer[[3]], NULL, match.call())
}

save_lmm <- function(object, path) {
  checked(.Call(C_save, object$handle, path.expand(path)))
  invisible(path)
}
