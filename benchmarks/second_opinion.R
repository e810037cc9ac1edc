## metafor's answer to each pooled question, to be stored beside ours.
##   Rscript second_opinion.R rows.csv > metafor.csv
## rows.csv: question, method, test, level, yi, vi (scale of pooling); one row per study.
## Debian: r-cran-metafor. The stopping rule is relative to the data: metafor's own is 1e-5 in
## tau2 whatever the scale, which moves results on small scales (see README.md).
suppressMessages(library(metafor))
rows <- read.csv(commandArgs(TRUE)[1], stringsAsFactors = FALSE)
answer <- function(d) {
  scale <- max(if (nrow(d) > 1) var(d$yi) else 0, mean(d$vi))
  control <- list(threshold = 1e-12 * scale, tau2.max = 1e5 * scale, maxiter = 100000)
  f <- suppressWarnings(rma(yi, vi, data = d, method = d$method[1], test = d$test[1],
    level = 100 * d$level[1], control = control))
  data.frame(question = d$question[1], k = f$k, method = f$method, test = f$test,
    estimate = c(f$beta), se = f$se, ci_low = f$ci.lb, ci_high = f$ci.ub, tau2 = f$tau2,
    r = as.character(getRversion()), metafor = as.character(packageVersion("metafor")),
    call = paste(trimws(deparse(f$call)), collapse = " "))
}
out <- do.call(rbind, lapply(split(rows, rows$question), answer))
write.csv(format(out, digits = 15, trim = TRUE), row.names = FALSE)
