# SPDX-License-Identifier: GPL-2.0-or-later
# The rows and columns of a call: data frames, files, and what a formula finds beside them.

# Data, weights and offset of a call of slmer. Expressions are evaluated in the data, then where the call stands.
rows_of_call <- function(formula, data, subset, weights, weights_value, offset, offset_value, environment) {
  no_formula <- function(e) stop("slmer() needs a formula, y ~ x + (1 | g).", call. = FALSE)
  is_formula <- tryCatch(inherits(formula, "formula"), error = no_formula)
  if (!is_formula && !(is.character(formula) && length(formula) == 1)) {
    stop("the formula is a formula, y ~ x + (1 | g), or its text, not a ", class(formula)[1], ".", call. = FALSE)
  }
  where <- if (is_formula && !is.null(environment(formula))) environment(formula) else environment
  data <- tryCatch(data, error = function(e) if (grepl("missing", conditionMessage(e))) NULL else stop(e))
  data <- as_rows(data, formula, where)
  if (!is.character(data) && n_rows(data) == 0) stop("the data have no rows.", call. = FALSE)
  row_names <- row_names_of(data)
  if (!is.character(data)) data <- with_variables(data, formula, where)
  made <- list(weights = NULL, offset = NULL)
  for (name in names(made)) {
    given <- column_of_call(name, get(name, inherits = FALSE), get(paste0(name, "_value"), inherits = FALSE), data, environment)
    if (is.numeric(given)) {
      column <- paste0(".", name)
      data <- c(as.list(data), stats::setNames(list(as.numeric(given)), column))
      given <- column
    }
    made[name] <- list(given)
  }
  if (!is.null(subset)) {
    if (is.character(data)) stop("subset takes rows of a data frame; of files use a column of your own.", call. = FALSE)
    rows <- eval(subset, as.list(data), environment)
    if (!is.null(rows)) {
      rows <- chosen(rows, n_rows(data), row_names)
      data <- lapply(as.list(data), picked, rows)
      row_names <- if (is.null(row_names)) rows else row_names[rows]
    }
  }
  c(list(data = data, row_names = row_names, environment = where), made)
}

n_rows <- function(data) if (is.data.frame(data)) nrow(data) else if (length(data)) NROW(data[[1]]) else 0L

# A data frame, a list of columns, or names of files.
as_rows <- function(data, formula, environment) {
  if (is.character(data) && !is.matrix(data)) return(data)
  if (is.data.frame(data)) return(data)
  if (is.null(data)) {
    names <- all.vars(if (is.character(formula)) stats::as.formula(formula) else formula)
    found <- lapply(names, get0, envir = environment, ifnotfound = NULL)
    lengths <- vapply(found, function(x) if (is.atomic(x) && !is.null(x)) length(x) else -1L, 0L)
    if (any(lengths != max(lengths, 0L)) || !length(found)) {
      lost <- names[lengths != max(lengths, 0L)]
      stop("data is not given, and there is no vector ", lost[1], " of as many elements as others here.", call. = FALSE)
    }
    return(stats::setNames(found, names))
  }
  if (is.matrix(data) && !is.null(colnames(data))) return(as.data.frame(data))
  if (is.list(data) && !is.object(data) && length(data) && !is.null(names(data))) {
    lengths <- vapply(data, NROW, 0L)
    if (all(lengths == lengths[1])) return(data)
    stop("data is a list whose elements have different lengths: ", names(data)[1], " has ", lengths[1], ", ",
      names(data)[lengths != lengths[1]][1], " has ", lengths[lengths != lengths[1]][1], ".", call. = FALSE)
  }
  kind <- if (is.function(data)) "function" else class(data)[1]
  stop("data is a data frame, or names of files, not a ", kind, ".", call. = FALSE)
}

# Vectors that a formula finds where it was written, as lme4: of as many elements as there are rows, and inside
# calls, I(x > k), single numbers.
with_variables <- function(data, formula, environment) {
  if (is.null(environment)) return(data)
  if (is.character(formula)) formula <- tryCatch(stats::as.formula(formula), error = function(e) NULL)
  n <- n_rows(data)
  found <- list()
  alone <- bare_names(formula)
  for (name in setdiff(all.vars(formula), c(names(data), "."))) {
    x <- get0(name, envir = environment)
    if (is.atomic(x) && !is.null(x) && is.null(dim(x)) && length(x) == n) found[[name]] <- x
    else if ((is.numeric(x) || is.logical(x)) && length(x) == 1 && n > 1 && !name %in% c(alone, "pi")) {
      found[[name]] <- rep(x, n)
    }
  }
  if (length(found)) c(as.list(data), found) else data
}

# Names that are terms or grouping factors by themselves.
bare_names <- function(x) {
  if (is.name(x)) return(as.character(x))
  if (!is.call(x) || !as.character(x[[1]])[1] %in% c("~", "+", "-", "*", "/", ":", "^", "(", "|", "||", "%in%")) return(NULL)
  unlist(lapply(as.list(x)[-1], bare_names))
}

# Weights or an offset: the name of a column or an expression for the library, or numbers.
column_of_call <- function(what, expression, promise, data, environment) {
  if (is.null(expression)) return(NULL)
  is_files <- is.character(data)
  if (is.name(expression) && !is_files && as.character(expression) %in% names(data)) return(as.character(expression))
  value <- tryCatch(eval(expression, if (is_files) list() else as.list(data), environment), error = function(e) {
    tryCatch(promise, error = function(other) {
      if (is_files) return(paste(deparse(expression), collapse = " "))
      stop(what, " = ", deparse1(expression), ": ", conditionMessage(e), ".", call. = FALSE)
    })
  })
  if (is.null(value)) return(NULL)
  if (inherits(value, "formula") && length(value) == 2) return(paste(deparse(value[[2]]), collapse = " "))
  if (is.character(value) && length(value) == 1) return(value)
  if (is_files && is.language(expression)) return(paste(deparse(expression), collapse = " "))
  if (is.numeric(value) && !is_files && length(value) == n_rows(data)) return(value)
  rows <- if (!is_files) paste0(", or numbers for all ", n_rows(data), " rows")
  stop(what, " takes the name of a column", rows, "; this is of class ", class(value)[1], " and length ", length(value), ".",
    call. = FALSE)
}

# Which rows subset means.
chosen <- function(rows, n, names) {
  if (is.logical(rows)) {
    if (length(rows) != n) stop("subset has ", length(rows), " values for ", n, " rows.", call. = FALSE)
    return(which(rows))
  }
  if (is.character(rows)) rows <- match(rows, if (is.null(names)) seq_len(n) else names)
  if (!is.numeric(rows)) stop("subset takes TRUE and FALSE, or numbers of rows.", call. = FALSE)
  rows <- seq_len(n)[rows]
  if (anyNA(rows)) stop("subset names rows that are not there.", call. = FALSE)
  rows
}

# Some rows of a column; bit64's integers keep their class without that package.
picked <- function(x, rows) {
  if (length(dim(x)) == 2) return(x[rows, , drop = FALSE])
  if (!inherits(x, "integer64")) return(x[rows])
  structure(unclass(x)[rows], class = "integer64")
}

# The formula with the columns that its point stands for: all that are not on the left.
with_point <- function(formula, data) {
  if (!inherits(formula, "formula") || is.character(data) || !"." %in% all.vars(formula)) return(formula)
  names <- setdiff(names(data), c(if (length(formula) == 3) all.vars(formula[[2]]), ".weights", ".offset"))
  all <- call("(", Reduce(function(a, b) call("+", a, b), lapply(names, as.name)))
  right <- length(formula)
  formula[[right]] <- eval(call("substitute", formula[[right]], list(. = all)))
  formula
}

# What says which columns a model may use.
model_options <- c(
  "formula", "add", "drop", "absorb", "weights", "offset", "cluster", "residual_by", "residual", "responses")

# The columns that the model may use, as plain vectors.
used_columns <- function(options, data, complete = TRUE) {
  model <- options[intersect(names(options), model_options)]
  if (!is.null(model$responses)) model$names <- I(names(data))
  wanted <- checked(.Call(C_ask, "lmm_columns", options_json(model)))
  if (complete && !all(unlist(wanted$formula) %in% names(data))) {
    # The library says which column is not there, and which may be meant: it is given all names.
    return(stats::setNames(lapply(names(data), function(name) numeric()), names(data)))
  }
  columns <- as.list(data)[intersect(names(data), unlist(wanted$columns))]
  if (!length(columns)) columns <- as.list(data)[1]
  Map(plain_column, columns, names(columns))
}

plain_column <- function(x, name) {
  # A level that is missing (addNA) is a level.
  if (is.factor(x) && anyNA(levels(x)) && !"NA" %in% levels(x)) levels(x)[is.na(levels(x))] <- "NA"
  if (is.integer(x) && inherits(x, c("Date", "POSIXct"))) storage.mode(x) <- "double"
  if (inherits(x, "POSIXlt")) return(as.POSIXct(x))
  is_plain <- is.factor(x) || is.character(x) || is.logical(x) || is.numeric(x)
  if (is_plain || inherits(x, c("Date", "POSIXct", "difftime", "integer64"))) {
    if (length(dim(x)) != 2) return(x)
    if (ncol(x) == 1) return(as.vector(x))
    stop("column ", name, " of the data is a matrix: give its ", ncol(x), " columns names of their own.", call. = FALSE)
  }
  stop("column ", name, " of the data is of class ", class(x)[1], ": the model takes numbers, texts, factors and dates.",
    call. = FALSE)
}
