# SPDX-License-Identifier: GPL-2.0-or-later

#' Fits a linear mixed model.
#'
#' `data` is a data frame, or names of files that the library reads itself. Arguments have lme4's names, but
#' weights and offset are names of columns; levels and ordered factors are those of the data frame. Others are
#' the options of lmm.h.
slmer <- function(formula, data, REML = TRUE, weights = NULL, offset = NULL, na.action = "na.omit",
                  contrasts = NULL, factor = NULL, levels = NULL, ddf = "satterthwaite", start = NULL,
                  theta = NULL, sigma = NULL, solver = NULL, threads = NULL, pedigree = NULL, ...) {
  open_library()
  text <- formula_text(formula)
  if (is.function(na.action)) {
    na.action <- if (identical(na.action, stats::na.fail)) "na.fail" else "na.omit"
  }
  coding <- function(x) if (is.character(x)) sub("^contr\\.", "", x) else matrix_coding(x)
  options <- list(
    formula = text, reml = REML, weights = weights, offset = offset, na = sub("^na\\.", "", na.action),
    contrasts = lapply(contrasts, coding),
    factor = factor, levels = lapply(levels, I), ddf = ddf, start = start, theta = theta, sigma = sigma,
    solver = solver, threads = threads, pedigree = pedigree, ...)
  if (!length(options$contrasts)) options$contrasts <- NULL
  if (!length(options$levels)) options$levels <- NULL
  frame <- NULL
  if (is.character(data)) {
    options$data <- path.expand(data)
  } else {
    stopifnot("data is neither a data frame nor names of files" = is.list(data))
    frame <- used_columns(text, weights, offset, data)
    options <- with_factors(options, frame)
    options$residuals <- nrow(data) <= 5e6
  }
  answer <- .Call(C_fit, frame, options_json(options))
  new_fit(checked(answer), answer[[3]], if (is.null(frame)) data else frame, match.call())
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

# The columns that the model may use, as plain vectors.
used_columns <- function(formula, weights, offset, data, complete = TRUE) {
  wanted <- checked(.Call(
    C_ask, "lmm_columns", options_json(list(formula = formula, weights = weights, offset = offset))))
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

load_lmm <- function(path, ddf = "satterthwaite") {
  open_library()
  answer <- .Call(C_load, path.expand(path), options_json(list(ddf = ddf)))
  new_fit(checked(answer), answer[[3]], NULL, match.call())
}

save_lmm <- function(object, path) {
  checked(.Call(C_save, object$handle, path.expand(path)))
  invisible(path)
}
