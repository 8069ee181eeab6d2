# SPDX-License-Identifier: GPL-2.0-or-later
# How R codes factors: what is set of a factor, in the call, or by options(contrasts = ).

# R's order of levels and R's contrasts for the factors of a frame; factors of many levels keep the library's order.
with_factors <- function(options, frame) {
  defaults <- default_codings()
  given <- options$contrasts
  codings <- if (is.list(given)) given
  for (name in names(frame)) {
    x <- frame[[name]]
    if (!is.factor(x)) {
      labels <- is.character(x) || is.logical(x)
      if (is.character(x) && is.null(options$levels[[name]]) && are_truths(x[match(FALSE, is.na(x))], TRUE)) {
        if (are_truths(unique(x))) options$levels[[name]] <- I(label_levels(x))
      }
      if (is.null(given) && labels && !is_treatment(defaults[[1]])) {
        codings[[name]] <- coding(defaults[[1]], label_levels(x))
      }
      next
    }
    own <- attr(x, "contrasts")
    if (nlevels(x) > 1000 && is.null(own)) next
    present <- levels(x)[tabulate(x, nlevels(x)) > 0]
    if (is.null(options$levels[[name]]) && (is.unsorted(order(present, method = "radix")) || are_truths(present))) {
      options$levels[[name]] <- I(present)
    }
    if (is.character(given) || !is.null(codings[[name]])) next
    if (!is.null(own) && !all_levels_used(x, frame, options$formula)) {
      warning("contrasts dropped from factor ", name, " due to missing levels", call. = FALSE)
      own <- NULL
    }
    if (is.null(own)) own <- defaults[[1 + is.ordered(x)]]
    if (is_treatment(own)) next
    if (is.ordered(x)) options$levels[[name]] <- I(present)
    codings[[name]] <- coding(own, present, is_stored = is.matrix(own))
  }
  if (length(codings)) options$contrasts <- codings
  made <- made_factors(options$formula)
  if (is.null(given) && length(made) && !is_treatment(defaults[[1]])) {
    one <- coding(defaults[[1]], c("a", "b", "c"))
    if (!is.character(one) || !all(vapply(codings, identical, NA, one))) {
      stop("the contrasts of options() do not reach ", made[1], " beside those of other factors: make it a column of the ",
        "data.", call. = FALSE)
    }
    options$contrasts <- one
  }
  options
}

default_codings <- function() {
  set <- as.list(getOption("contrasts"))
  if (length(set) == 2) unname(set) else list("contr.treatment", "contr.poly")
}

is_treatment <- function(x) is.character(x) && length(x) == 1 && x %in% c("contr.treatment", "treatment")

# Labels that the library would take for logical values, TRUE for "T"; or some of them may be.
are_truths <- function(labels, perhaps = FALSE) {
  labels <- toupper(labels)
  all(labels %in% c("T", "F", "TRUE", "FALSE", NA)) && (perhaps || any(labels %in% c("T", "F")))
}

label_levels <- function(x) if (is.logical(x)) c("FALSE", "TRUE") else sort(unique(x), method = "radix")

# Do the rows without missing values have all levels? R drops contrasts of a factor that loses levels.
all_levels_used <- function(x, frame, formula) {
  there <- !is.na(x)
  used <- if (is.character(formula)) tryCatch(all.vars(stats::as.formula(formula)), error = function(e) NULL)
  for (column in frame[intersect(names(frame), used)]) there <- there & !missing_values(column)
  all(tabulate(x[there], nlevels(x)) > 0)
}

missing_values <- function(x) {
  if (!inherits(x, "integer64")) return(is.na(x))
  # bit64's NA has the bits of minus zero.
  unclass(x) == 0 & 1 / unclass(x) < 0
}

# A coding for the library: one of its names, or a matrix with a row for every level, as R makes it; R completes one
# of too few columns unless it is stored with the factor.
coding <- function(x, levels, is_stored = FALSE) {
  known <- c("treatment", "sum", "helmert", "poly", "deviation", "sdif")
  if (is.character(x) && length(x) == 1) {
    name <- sub("^contr\\.", "", x)
    if (name %in% known) return(name)
    rule <- get0(x, envir = globalenv(), mode = "function")
    if (is.null(rule)) return(name)  # the library says which there are
    if (!is.null(levels)) x <- rule(levels)
  }
  if (is.null(levels)) stop("contrasts that are a function need the levels of the factor: give a matrix with them as row names.",
    call. = FALSE)
  if (is.matrix(x) && !is.null(rownames(x)) && !all(rownames(x) == levels) && all(levels %in% rownames(x))) {
    x <- x[levels, , drop = FALSE]
  }
  if (is.matrix(x) && nrow(x) != length(levels)) {
    stop("the matrix of contrasts has ", nrow(x), " rows for ", length(levels), " levels.", call. = FALSE)
  }
  if (is_stored) return(matrix_coding(structure(x, dimnames = list(levels, colnames(x)))))
  factor <- base::factor(levels, levels)
  stats::contrasts(factor) <- x
  matrix_coding(stats::contrasts(factor))
}

matrix_coding <- function(x) {
  if (is.null(rownames(x))) stop("a matrix of contrasts needs the levels as row names", call. = FALSE)
  columns <- if (is.null(colnames(x))) as.character(seq_len(ncol(x))) else colnames(x)
  list(levels = I(rownames(x)), columns = I(columns),
    values = unname(lapply(seq_len(nrow(x)), function(k) I(as.numeric(x[k, ])))))
}

# The contrasts of the call, for the levels of the frame where there is one.
given_codings <- function(contrasts, frame) {
  if (is.character(contrasts) && is.null(names(contrasts))) return(sub("^contr\\.", "", contrasts))
  if (is.null(names(contrasts)) || !all(nzchar(names(contrasts)))) {
    stop("contrasts is a list by factor, list(f = \"contr.sum\").", call. = FALSE)
  }
  contrasts <- as.list(contrasts)
  for (name in names(contrasts)) {
    x <- frame[[name]]
    levels <- if (is.factor(x)) levels(x)[tabulate(x, nlevels(x)) > 0]
      else if (is.character(x) || is.logical(x)) label_levels(x[!is.na(x)])
      else if (!is.null(frame)) as.character(sort(unique(x)))
    one <- contrasts[[name]]
    contrasts[[name]] <- if (is.null(frame) && is.matrix(one)) matrix_coding(one) else coding(one, levels)
  }
  contrasts
}

# Calls in a formula that make factors, as text.
made_factors <- function(formula) {
  makers <- c("factor", "as.factor", "cut", "interaction", "relevel", "ordered")
  found <- character()
  walk <- function(x) {
    if (!is.call(x)) return()
    if (is.name(x[[1]]) && as.character(x[[1]]) %in% makers) return(found <<- c(found, deparse1(x)))
    for (part in as.list(x)[-1]) walk(part)
  }
  parsed <- if (is.character(formula)) tryCatch(stats::as.formula(formula), error = function(e) NULL)
  walk(parsed)
  found
}
