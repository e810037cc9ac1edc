## Effect sizes at the edges (empty cells, full cells, missing values, tiny samples) under every
## rule for empty cells: tests/reference/effect_size_edges.json
##   Rscript benchmarks/effect_size_edges.R            (from the repository's root)
## Needs R with metafor and jsonlite (Debian: r-cran-*).

suppressMessages({library(metafor); library(jsonlite)})
options(warn = -1)
num <- function(x) unname(as.numeric(x))
tables <- list(ai = c(0, 3, 0, 5, 10, NA, 2, 7), bi = c(12, 0, 10, 4, 0, 5, 8, 1), ci = c(3, 2, 0, 5, 8, 2, 0, 3), di = c(10, 9, 8, 7, 0, 6, 9, 4))
rates <- list(x1i = c(0, 3, 0, 4, NA), t1i = c(10, 10.5, 20, 31, 5), x2i = c(4, 2, 0, 0, 3), t2i = c(11, 9, 23, 28, 6))
props <- list(xi = c(0, 3, 10, 5, NA, 1), ni = c(10, 10, 10, 12, 9, 1))
paired <- list(m1i = c(3, 3, -1, 2, NA), sd1i = c(2, 1, 2, 1, 1), m2i = c(1, 2, 1, 1, 1), sd2i = c(3, 1, 2, 2, 1), ni = c(10, 2, 3, 40, 9), ri = c(.5, .5, -.3, .9, .5))
means <- list(m1i = c(3, -1, 3, 3, NA), sd1i = c(2, 2, 1, 0, 1), n1i = c(10, 10, 2, 9, 9), m2i = c(1, 1, 1, 1, 1), sd2i = c(5, 2, 2, 0, 1), n2i = c(12, 10, 2, 9, 9))
out <- list(versions = list(R = paste(R.version$major, R.version$minor, sep = "."), metafor = as.character(packageVersion("metafor"))), cases = list())
add <- function(measure, data, ...) {
  e <- do.call(escalc, c(list(measure = measure), data, list(...)))
  out$cases[[length(out$cases) + 1]] <<- list(measure = measure, data = data, options = structure(list(...), names = if (...length()) names(list(...)) else character(0)), yi = num(e$yi), vi = num(e$vi)) }
for (to in c("only0", "all", "if0all", "none")) for (add_ in c(.5, .1)) {
  for (m in c("RR", "OR", "RD", "PETO", "AS")) for (d in c(FALSE, TRUE)) add(m, tables, to = to, add = add_, drop00 = d)
  for (m in c("MPRD", "MPRR", "MPOR")) add(m, tables, to = to, add = add_)
  for (m in c("IRR", "IRD", "IRSD")) for (d in c(FALSE, TRUE)) add(m, rates, to = to, add = add_, drop00 = d)
  for (m in c("PR", "PLN", "PLO", "PAS", "PFT")) add(m, props, to = to, add = add_) }
for (m in c("MC", "SMCC", "SMCR")) add(m, paired)
for (m in c("MD", "SMD", "SMDH", "ROM")) add(m, means)
for (m in c("COR", "ZCOR")) add(m, list(ri = c(1, .5, .5, .3, NA), ni = c(10, 4, 5, 40, 9)))
write_json(out, "tests/reference/effect_size_edges.json", auto_unbox = TRUE, digits = NA, na = "null", null = "null", pretty = FALSE)
