# SPDX-License-Identifier: GPL-2.0-or-later
# Runs the R code of an article, block by block: Rscript articles.R ARTICLE DATA
arguments <- commandArgs(TRUE)
lines <- readLines(arguments[1], encoding = "UTF-8")
data <- arguments[2]

# What the examples call by name.
sleepstudy <- lme4::sleepstudy
flock <- read.csv(file.path(data, "flock.csv"))
pedigree <- read.csv(file.path(data, "flock_pedigree.csv"))
names(pedigree)[1] <- "individual"
genes <- data.frame(
  age = sleepstudy$Days, subject = sleepstudy$Subject, gene1 = sleepstudy$Reaction, gene2 = log(sleepstudy$Reaction))

begins <- grep("^```r$", lines)
ends <- grep("^```$", lines)
stopifnot(length(begins) >= 3)
for (begin in begins) {
  code <- lines[(begin + 1):(min(ends[ends > begin]) - 1)]
  for (expression in parse(text = code)) {
    result <- withVisible(eval(expression, globalenv()))
    if (result$visible) print(result$value)
  }
}
