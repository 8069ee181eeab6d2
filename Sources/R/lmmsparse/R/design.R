# SPDX-License-Identifier: GPL-2.0-or-later
# The fixed part as R has it: terms, model frame and matrix, made of the rows of a fit to a data frame.

is_bar <- function(x) is.call(x) && is.name(x[[1]]) && as.character(x[[1]]) %in% c("|", "||")

# Is it a random term: (x | g), or a structure of one, us(x | g)?
is_random <- function(x) {
  if (!is.call(x)) return(FALSE)
  is_bar(x) || any(vapply(as.list(x)[-1], is_bar, NA)) ||
    (identical(x[[1]], quote(`(`)) && is_random(x[[2]]))
}

without_random <- function(x) {
  if (is_random(x)) return(NULL)
  if (!is.call(x) || !as.character(x[[1]])[1] %in% c("+", "-", "*", "/", ":", "^", "(", "%in%")) return(x)
  parts <- lapply(as.list(x)[-1], without_random)
  there <- !vapply(parts, is.null, NA)
  if (all(there)) return(as.call(c(x[[1]], parts)))
  if (any(there)) parts[[which(there)]]
}

# Absorbed factors stand behind the last bar, y ~ x + (1 | g) | a + b.
has_absorbed <- function(object) {
  full <- formula.slmer(object)
  is_bar(full[[length(full)]])
}

# The fixed part, with the response unless it is unwanted.
fixed_formula <- function(object, response = TRUE) {
  full <- formula.slmer(object)
  right <- full[[length(full)]]
  if (has_absorbed(object)) right <- right[[2]]
  right <- without_random(right)
  if (is.null(right)) right <- 1
  text <- if (response) call("~", full[[2]], right) else call("~", right)
  stats::as.formula(text, env = environment(full))
}

# The rows that the fit used, factors as it took them.
used_frame <- function(object) {
  if (!is.list(object$data)) {
    stop("the rows of the fit are not in R: this takes a fit to a data frame, not to files or of load_lmm().", call. = FALSE)
  }
  omitted <- left_out(object)
  columns <- lapply(object$data, function(x) if (length(omitted)) picked(x, -omitted) else x)
  columns <- Map(function(x, name) as_factor(x, name, object$options), columns, names(columns))
  frame <- structure(columns, class = "data.frame", row.names = seq_along(columns[[1]]))
  names <- object$row_names
  if (is.null(names) && length(omitted)) names <- seq_len(length(columns[[1]]) + length(omitted))
  if (!is.null(names)) row.names(frame) <- if (length(omitted)) names[-omitted] else names
  frame
}

as_factor <- function(x, name, options) {
  order <- unlist(options$levels[[name]])
  if (!is.factor(x) && !is.character(x) && is.null(order) && !name %in% unlist(options$factor)) return(x)
  present <- if (is.factor(x)) levels(x)[tabulate(x, nlevels(x)) > 0] else as.character(sort(unique(x), method = "radix"))
  if (!is.null(order)) present <- intersect(order, present)
  factor(as.character(x), present, ordered = is.ordered(x))
}

# Sets the codings of the fit on the factors of a model frame.
with_codings <- function(frame, object) {
  codings <- object$options$contrasts
  for (name in setdiff(names(frame), "(weights)")) {
    x <- frame[[name]]
    if (is.logical(x)) x <- factor(x, c(FALSE, TRUE))
    if (is.character(x)) x <- factor(x, sort(unique(x), method = "radix"))
    if (!is.factor(x)) next
    own <- if (is.character(codings)) codings else codings[[name]]
    if (is.null(own)) own <- if (is.ordered(x)) "poly" else "treatment"
    if (is.list(own)) {
      values <- do.call(rbind, lapply(own$values, as.numeric))
      dimnames(values) <- list(unlist(own$levels), unlist(own$columns))
      stats::contrasts(x, ncol(values)) <- values[levels(x), , drop = FALSE]
    } else if (own %in% c("treatment", "sum", "helmert", "poly")) {
      if (nlevels(x) > 1) stats::contrasts(x) <- paste0("contr.", own)
    } else {
      stop("the coding \"", own, "\" of ", name, " is none of R's: its model matrix is not made here.", call. = FALSE)
    }
    frame[[name]] <- x
  }
  frame
}

# Of the fixed part, as lme4's.
terms.slmer <- function(x, fixed.only = TRUE, ...) {
  no_more("terms", ...)
  if (!fixed.only) return(attr(model.frame.slmer(x), "terms"))
  attr(stats::model.frame(fixed_formula(x), used_frame(x), na.action = stats::na.pass), "terms")
}

model.frame.slmer <- function(formula, fixed.only = FALSE, ...) {
  no_more("model.frame", ...)
  full <- formula.slmer(formula)
  frame <- used_frame(formula)
  fixed <- fixed_formula(formula)
  if (fixed.only) return(stats::model.frame(fixed, frame, na.action = stats::na.pass))
  more <- setdiff(intersect(all.vars(full), names(frame)), all.vars(fixed))
  for (name in more) fixed[[3]] <- call("+", fixed[[3]], as.name(name))
  stats::model.frame(fixed, frame, na.action = stats::na.pass)
}

#' @return The matrix of the fixed effects, without columns that were dropped.
model.matrix.slmer <- function(object, type = "fixed", ...) {
  no_more("model.matrix", ...)
  match.arg(type, "fixed")
  frame <- stats::model.frame(fixed_formula(object), used_frame(object), na.action = stats::na.pass)
  fixed_columns(object, attr(frame, "terms"), frame)
}

fixed_columns <- function(object, terms, frame) {
  x <- stats::model.matrix(terms, with_codings(frame, object))
  names <- names(fixef.slmer(object))
  lost <- setdiff(names, colnames(x))
  if (length(lost)) stop("R makes no column \"", lost[1], "\" of these rows.", call. = FALSE)
  assigned <- attr(x, "assign")[match(names, colnames(x))]
  codings <- attr(x, "contrasts")
  structure(x[, names, drop = FALSE], assign = assigned, contrasts = codings)
}
