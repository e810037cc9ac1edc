## Reference values for the count models: tests/reference/glmm.json and the data of the
## publications that use them, tests/reference/published/*.csv.
##   Rscript benchmarks/glmm_reference.R            (from the repository's root)
## Needs R with metafor, lme4, BiasedUrn, glmmTMB, numDeriv, metadat and jsonlite (Debian: r-cran-*).
## `metafor` is rma.glmm as it stands (7 nodes; UM.RS Laplace, as lme4 offers no more).
## `precise` is the same likelihood written out here, each study integrated by integrate() to
## 1e-12 and maximised by optim() until it no longer moves: no code in common with either.

suppressMessages({library(metafor); library(metadat); library(jsonlite)})
options(warn = -1)
root <- "tests/reference"
num <- function(x) unname(as.numeric(x))
dir.create(file.path(root, "published"), FALSE, TRUE)
save_csv <- function(d, name) write.csv(d, file.path(root, "published", paste0(name, ".csv")), row.names = FALSE, na = "")
save_csv(dat.nielweise2007[, c("study", "author", "year", "ai", "n1i", "ci", "n2i")], "nielweise2007")
save_csv(dat.nielweise2008[, c("study", "authors", "year", "x1i", "t1i", "x2i", "t2i")], "nielweise2008")
save_csv(dat.hine1989, "hine1989")
save_csv(subset(dat.yusuf1985, table == "6")[, c("id", "trial", "ai", "n1i", "ci", "n2i")], "yusuf1985_table6")
d <- dat.collins1985a[, c("id", "b.xci", "nci", "b.xti", "nti")]; names(d) <- c("id", "ai", "n1i", "ci", "n2i"); save_csv(d, "collins1985a")

## one maximisation: Nelder-Mead and BFGS in turn until the log-likelihood stands still
maximise <- function(ll, start) {
  p <- start; last <- -Inf
  for (i in 1:60) {
    p <- optim(p, function(q) -ll(q), method = "Nelder-Mead", control = list(reltol = 1e-15, maxit = 4000))$par
    now <- ll(p); if (now - last < 1e-12) break; last <- now
  }
  h <- numDeriv::hessian(ll, p)
  list(par = p, ll = ll(p), se = sqrt(diag(solve(-h))))
}
normal_mix <- function(f, mu, tau) {       # integral of f(mu + tau z) phi(z), f a log-likelihood
  z0 <- optimize(function(z) f(mu + tau * z) - z^2 / 2, c(-40, 40), maximum = TRUE, tol = 1e-10)
  g <- function(z) sapply(z, function(s) exp(f(mu + tau * s) - s^2 / 2 - z0$objective))
  v <- integrate(g, z0$maximum, z0$maximum + 12, rel.tol = 1e-12)$value + integrate(g, z0$maximum - 12, z0$maximum, rel.tol = 1e-12)$value
  log(v) + z0$objective - log(2 * pi) / 2
}
precise_fit <- function(fs, start) {
  r <- maximise(function(p) sum(sapply(fs, normal_mix, mu = p[1], tau = exp(p[2]))), start)
  list(estimate = r$par[1], se = r$se[1], tau2 = exp(2 * r$par[2]), log_likelihood = r$ll)
}
hyper <- function(a, n1, c_, n2) { m <- a + c_; s <- max(0, m - n2):min(n1, m); w <- lchoose(n1, s) + lchoose(n2, m - s)
  function(th) { e <- w + s * th; x <- max(e); (w[s == a] + a * th) - x - log(sum(exp(e - x))) } }

metafor_fit <- function(...) {
  r <- tryCatch(rma.glmm(...), error = function(e) e)
  if (inherits(r, "error")) return(list(error = conditionMessage(r)))
  list(k = r$k, estimate = num(r$beta), se = num(r$se), ci_low = num(r$ci.lb), ci_high = num(r$ci.ub), tau2 = num(r$tau2), sigma2 = num(r$sigma2),
       q_lrt = num(r$QE.LRT), q_df = num(r$QE.df), q_lrt_pvalue = num(r$QEp.LRT), log_likelihood = num(logLik(r)))
}

out <- list(versions = list(R = paste(R.version$major, R.version$minor, sep = "."), metafor = as.character(packageVersion("metafor")), lme4 = as.character(packageVersion("lme4")), BiasedUrn = as.character(packageVersion("BiasedUrn")), glmmTMB = as.character(packageVersion("glmmTMB"))), cases = list())
add <- function(id, input, measure, model, method, metafor, precise = NULL) {
  out$cases[[id]] <<- list(input = input, measure = measure, model = model, method = method, metafor = metafor, precise = precise); cat(id, "\n") }
inputs <- function(id) read.csv(file.path(root, "inputs", paste0(id, ".csv")))

props <- list(pritz1997 = inputs("pritz1997"), debruin2009 = inputs("debruin2009"),
              infusion_responders = data.frame(xi = c(8, 17, 8, 18), ni = c(11, 29, 12, 34)))
for (id in names(props)) { d <- props[[id]]
  fs <- lapply(seq_len(nrow(d)), function(i) { x <- d$xi[i]; n <- d$ni[i]; function(th) dbinom(x, n, plogis(th), log = TRUE) })
  pr <- if (id == "infusion_responders") NULL else precise_fit(fs, c(qlogis(sum(d$xi) / sum(d$ni)), log(.5)))
  add(paste0("PLO_", id), list(xi = d$xi, ni = d$ni), "PLO", "logit-normal", "ML", metafor_fit(measure = "PLO", xi = d$xi, ni = d$ni), pr)
  add(paste0("PLO_EE_", id), list(xi = d$xi, ni = d$ni), "PLO", "logit-normal", "EE", metafor_fit(measure = "PLO", xi = d$xi, ni = d$ni, method = "EE")) }

for (id in c("bcg", "hahn2001", "egger2001", "cannon2006", "damico2009", "nielweise2007")) {
  d <- if (id == "nielweise2007") with(dat.nielweise2007, data.frame(ai, bi = n1i - ai, ci, di = n2i - ci)) else inputs(id)
  for (v in names(d)) if (is.numeric(d[[v]])) d[[v]] <- as.numeric(d[[v]])
  cells <- list(ai = d$ai, bi = d$bi, ci = d$ci, di = d$di); n1 <- d$ai + d$bi; n2 <- d$ci + d$di
  ok <- which(d$ai + d$ci > 0 & d$bi + d$di > 0)
  pr <- NULL
  if (id %in% c("bcg", "damico2009", "nielweise2007")) {
    fs <- lapply(ok, function(i) hyper(d$ai[i], n1[i], d$ci[i], n2[i]))
    pr <- precise_fit(fs, c(-.5, log(.5))) }
  for (m in c("CM.EL", "UM.FS", "UM.RS")) for (meth in c("ML", "EE")) {
    if (m == "CM.EL" && id == "cannon2006") next     # metafor takes minutes over totals this large
    a <- c(list(measure = "OR", model = m, method = meth), cells)
    if (m == "UM.RS") a$nAGQ <- 1
    add(paste("OR", m, meth, id, sep = "_"), cells, "OR", m, meth, do.call(metafor_fit, a), if (m == "CM.EL" && meth == "ML") pr) } }

for (id in c("hart1999", "nielweise2008")) { d <- if (id == "hart1999") inputs(id) else dat.nielweise2008
  cells <- list(x1i = d$x1i, t1i = d$t1i, x2i = d$x2i, t2i = d$t2i)
  for (meth in c("ML", "EE")) add(paste("IRR", meth, id, sep = "_"), cells, "IRR", "CM.EL", meth, do.call(metafor_fit, c(list(measure = "IRR", model = "CM.EL", method = meth), cells))) }

## beta-binomial: glmmTMB's betabinomial family, whose dispersion phi is 1/theta, rho = 1/(1 + phi)
out$beta_binomial <- list()
beta_binomial <- function(id, measure, x, n, arm) {
  d <- data.frame(x = x, n = n, arm = arm)
  form <- if (measure == "PLO") cbind(x, n - x) ~ 1 else cbind(x, n - x) ~ arm
  link <- if (measure == "RR") "log" else "logit"
  start <- if (measure == "RR") list(beta = c(log(sum(x) / sum(n)), 0)) else NULL
  f <- tryCatch(glmmTMB::glmmTMB(form, data = d, family = glmmTMB::betabinomial(link), start = start,
    control = glmmTMB::glmmTMBControl(optCtrl = list(rel.tol = 1e-14, iter.max = 5000, eval.max = 5000))), error = function(e) e)
  if (inherits(f, "error")) { cat(id, measure, conditionMessage(f), "\n"); return(invisible()) }
  b <- glmmTMB::fixef(f)$cond; s <- sqrt(diag(vcov(f)$cond))
  out$beta_binomial[[paste(measure, id, sep = "_")]] <<- list(id = id, measure = measure, estimate = num(b[length(b)]), se = num(s[length(s)]), rho = 1 / (1 + sigma(f)), log_likelihood = num(logLik(f)))
}
for (id in c("pritz1997", "debruin2009")) { d <- inputs(id); beta_binomial(id, "PLO", d$xi, d$ni, 0) }
for (id in c("bcg", "hahn2001", "egger2001", "damico2009", "anand1999")) { d <- inputs(id)
  for (m in c("OR", "RR")) beta_binomial(id, m, c(d$ai, d$ci), c(d$ai + d$bi, d$ci + d$di), rep(1:0, each = nrow(d))) }

write_json(out, file.path(root, "glmm.json"), auto_unbox = TRUE, digits = NA, na = "null", null = "null", pretty = TRUE)
