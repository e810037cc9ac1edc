## Median seconds of each piece of work in metafor; reads one JSON file, prints JSON.
## Rscript metafor.R work.json     (Debian: r-cran-metafor, r-cran-jsonlite)
suppressMessages({library(metafor); library(jsonlite)})
work <- fromJSON(commandArgs(TRUE)[1], simplifyMatrix = TRUE)
clock <- function(expr, times = 5) {
  e <- substitute(expr); env <- parent.frame()
  median(replicate(times, system.time(eval(e, env), gcFirst = FALSE)[["elapsed"]]))
}
quiet <- function(expr) suppressWarnings(suppressMessages(expr))
## A fit that does not converge at metafor's own settings still took its time.
many <- function(y, v, ...) for (i in seq_len(nrow(y))) quiet(try(rma(y[i, ], v[i, ], ...), silent = TRUE))
d <- work$fits; s <- work$single; g <- work$gosh; l <- work$leave_one_out
fit <- rma(s$y, s$v, test = "knha")
gfit <- rma(g$y, g$v); lfit <- rma(l$y, l$v)
cat(toJSON(list(
  version = as.character(packageVersion("metafor")),
  reml = clock(many(d$y, d$v, method = "REML")),
  dl = clock(many(d$y, d$v, method = "DL")),
  pm = clock(many(d$y, d$v, method = "PM")),
  single = clock(for (i in 1:20) rma(s$y, s$v, test = "knha"), 7) / 20,
  leave_one_out = clock(quiet(leave1out(lfit, progbar = FALSE))),
  gosh = clock(quiet(gosh(gfit, progbar = FALSE)))
), auto_unbox = TRUE, digits = NA))
