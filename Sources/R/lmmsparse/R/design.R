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

# The rows of the fit, with factors as it took them; `omitted` are the numbers of those that it left out.
whole_frame <- function(object, omitted) {
  if (!is.list(object$data)) {
    stop("the rows of the fit are not in R: this takes a fit to a data frame, not to files or of load_lmm().", call. = FALSE)
  }
  columns <- Map(function(x, name) as_factor(x, name, object$options, omitted), object$data, names(object$data))
  frame <- structure(columns, class = "data.frame", row.names = seq_along(columns[[1]]))
  if (!is.null(object$row_names)) row.names(frame) <- object$row_names
  frame
}

without_rows <- function(frame, omitted) {
  if (!length(omitted)) return(frame)
  structure(frame[-omitted, , drop = FALSE], terms = attr(frame, "terms"))
}

used_frame <- function(object) {
  omitted <- left_out(object)
  without_rows(whole_frame(object, omitted), omitted)
}

# A model frame of the rows that were used. As in R, what scale() and others take from the data they take from all rows
# that have their variables; poly() and splines, which R refuses where a value is missing, from the used ones then.
frame_of <- function(object, formula) {
  omitted <- left_out(object)
  frame <- whole_frame(object, omitted)
  made <- function(rows) stats::model.frame(formula, rows, na.action = stats::na.pass)
  if (!length(omitted)) return(made(frame))
  tryCatch(without_rows(made(frame), omitted), error = function(e) made(without_rows(frame, omitted)))
}

as_factor <- function(x, name, options, omitted) {
  order <- unlist(options$levels[[name]])
  if (!is.factor(x) && !is.character(x) && is.null(order) && !name %in% unlist(options$factor)) return(x)
  used <- if (length(omitted)) x[-omitted] else x
  present <- if (is.factor(x)) levels(x)[tabulate(used, nlevels(x)) > 0] else as.character(sort(unique(used), method = "radix"))
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
  attr(frame_of(x, fixed_formula(x)), "terms")
}

model.frame.slmer <- function(formula, fixed.only = FALSE, ...) {
  no_more("model.frame", ...)
  full <- formula.slmer(formula)
  fixed <- fixed_formula(formula)
  if (fixed.only) return(frame_of(formula, fixed))
  more <- setdiff(intersect(all.vars(full), names(formula$data)), all.vars(fixed))
  for (name in more) fixed[[3]] <- call("+", fixed[[3]], as.name(name))
  frame_of(formula, fixed)
}

#' @return The matrix of the fixed effects, without columns that were dropped.
model.matrix.slmer <- function(object, type = "fixed", ...) {
  no_more("model.matrix", ...)
  match.arg(type, "fixed")
  frame <- frame_of(object, fixed_formula(object))
  fixed_columns(object, attr(frame, "terms"), frame)
}

fixed_columns <- function(object, terms, frame) {
  x <- stats::model.matrix(terms, with_codings(frame, object))
  names <- names(fixef.slmer(object))
  lost <- setdiff(names, colnames(x))
  if (length(lost)) stop("R makes no column \"", lost[1], "\" of these rows.", call. = FALSE)
  check_columns(object, x[, names, drop = FALSE], frame)
  assigned <- attr(x, "assign")[match(names, colnames(x))]
  codings <- attr(x, "contrasts")
  structure(x[, names, drop = FALSE], assign = assigned, contrasts = codings)
}

# R's columns have to give the predictions of the fit: both may differ in what they take from rows with missing values.
check_columns <- function(object, x, frame) {
  if (!is.null(object$json$offset) || !is.null(stats::model.offset(frame)) || has_absorbed(object)) return(invisible())
  columns <- augmented(object)
  omitted <- left_out(object, columns[[".resid"]])
  theirs <- if (length(omitted)) columns[[".fixed"]][-omitted] else columns[[".fixed"]]
  ours <- drop(x %*% fixef.slmer(object))
  if (any(abs(ours - theirs) > 1e-6 * (1 + max(abs(theirs))))) {
    stop("R's columns of the fixed part are not those of the fit, which took means or knots from other rows: leave rows with ",
      "missing values out of the data.", call. = FALSE)
  }
}
