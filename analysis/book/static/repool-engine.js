/* Pools studies in the page, where they are too many to pool every selection beforehand.
   The formulae are those of analysis.meta (kernel, tau2, likelihood, heterogeneity);
   tests/test_book_repool_engine.py holds the results to the Python engine's. */
"use strict";
globalThis.repool ??= {};
(() => {
  const sum = (values) => values.reduce((total, value) => total + value, 0);

  /* Inverse-variance weights, mean, residuals and Q at a given tau2. */
  function weigh(studies, tau2) {
    const weights = studies.map(({ v }) => 1 / (v + tau2));
    const total = sum(weights);
    const mean = sum(studies.map(({ y }, i) => weights[i] * y)) / total;
    const residuals = studies.map(({ y }) => y - mean);
    return { weights, total, mean, residuals, q: sum(weights.map((w, i) => w * residuals[i] ** 2)) };
  }

  /* tr(P) = sum(w) - sum(w²)/sum(w), written as a sum of positive terms. */
  function trace({ weights, total }) {
    let pairs = 0, before = 0;
    for (const w of weights) {
      pairs += w * before;
      before += w;
    }
    return (2 * pairs) / total;
  }

  /* Twice the slope of the restricted log-likelihood: y'PPy - tr(P). */
  function score(studies, tau2) {
    const at = weigh(studies, tau2);
    return sum(at.weights.map((w, i) => (w * at.residuals[i]) ** 2)) - trace(at);
  }

  /* Twice the restricted log-likelihood, but for a constant. */
  function height(studies, tau2) {
    const at = weigh(studies, tau2);
    return sum(at.weights.map(Math.log)) - Math.log(at.total) - at.q;
  }

  /* The root of a function that is above zero at low and not above it at high. */
  function root(falling, low, high) {
    for (let step = 0; step < 200; step++) {
      const middle = (low + high) / 2;
      if (middle === low || middle === high) break;
      if (falling(middle) > 0) low = middle;
      else high = middle;
    }
    return (low + high) / 2;
  }

  /* The root on tau2 >= 0 of a function that falls in the end; zero if it starts below. */
  function crossing(falling, low, step) {
    if (falling(low) <= 0) return low;
    let high = low + step;
    while (falling(high) > 0) high = 2 * high + step;
    return root(falling, low, high);
  }

  /* Past the widest variance less twice the narrowest the likelihood has one maximum at most;
     below, a fine grid finds those that there are, and the highest counts. */
  const GRID = 300;

  function reml(studies) {
    const variances = studies.map(({ v }) => v);
    const least = Math.min(...variances);
    const far = Math.max(Math.max(...variances) - 2 * least, 0);
    const slope = (tau2) => score(studies, tau2);
    const grid = Array.from({ length: GRID + 1 }, (_, i) =>
      least * (((far + least) / least) ** (i / GRID) - 1));
    const slopes = grid.map(slope);
    const peaks = slopes[0] <= 0 ? [0] : [];
    for (let i = 1; i <= GRID; i++) {
      if (slopes[i - 1] > 0 && slopes[i] <= 0) peaks.push(root(slope, grid[i - 1], grid[i]));
    }
    if (slopes[GRID] > 0) peaks.push(crossing(slope, grid[GRID], far + least));
    return peaks.reduce((best, peak) =>
      (height(studies, peak) > height(studies, best) ? peak : best));
  }

  const ESTIMATORS = {
    EE: () => 0,
    DL: (studies, fixed) =>
      Math.max((fixed.q - (studies.length - 1)) / trace(fixed), 0),
    REML: reml,
  };

  /* ---- tails of distributions; degrees of freedom are whole numbers ---- */

  function erfc(x) {
    if (x < 2) {
      let term = x, series = x;
      for (let n = 1; Math.abs(term) > 1e-17 * series; n++) {
        term *= -x * x / n;
        series += term / (2 * n + 1);
      }
      return 1 - (2 / Math.sqrt(Math.PI)) * series;
    }
    let fraction = 0;
    for (let n = 60; n > 0; n--) fraction = n / 2 / (x + fraction);
    return Math.exp(-x * x) / Math.sqrt(Math.PI) / (x + fraction);
  }

  /* Abramowitz and Stegun (1964), 26.7.3 and 26.7.4. */
  function twoSidedT(statistic, df) {
    const angle = Math.atan(Math.abs(statistic) / Math.sqrt(df));
    const sine = Math.sin(angle), cosine = Math.cos(angle);
    const odd = df % 2 === 1;
    let term = odd ? cosine : 1, series = df === 1 ? 0 : term;
    for (let n = odd ? 3 : 2; n < df; n += 2) {
      term *= ((n - 1) / n) * cosine ** 2;
      series += term;
    }
    return 1 - (odd ? (2 / Math.PI) * (angle + sine * series) : sine * series);
  }

  /* Abramowitz and Stegun (1964), 26.4.4 and 26.4.5. */
  function chiSquaredTail(x, df) {
    const odd = df % 2 === 1;
    let term = odd ? Math.sqrt((2 * x) / Math.PI) : 1, series = df === 1 ? 0 : term;
    for (let n = odd ? 3 : 2; n < df; n += 2) {
      term *= x / n;
      series += term;
    }
    return (odd ? erfc(Math.sqrt(x / 2)) : 0) + Math.exp(-x / 2) * series;
  }

  /* Return what pools a selection, as repool.lookup does: by positions, estimator, interval. */
  repool.engine = ({ rows, quantiles }) => (chosen, method, ci) => {
    const k = chosen.length, df = k - 1;
    const precise = chosen.reduce((best, i) => (rows[i].vi < rows[best].vi ? i : best));
    const origin = rows[precise].yi;
    const studies = chosen.map((i) => ({ y: rows[i].yi - origin, v: rows[i].vi }));
    const fixed = weigh(studies, 0);
    const tau2 = ESTIMATORS[method](studies, fixed);
    const pooled = weigh(studies, tau2);
    const factor = ci === "hksj_floor" ? Math.max(1, pooled.q / df) : 1;
    const estimate = origin + pooled.mean, se = Math.sqrt(factor / pooled.total);
    const typical = df / trace(fixed);
    const [lower, upper] = quantiles.chi2[df - 1].map((target) =>
      crossing((t) => weigh(studies, t).q - target, 0, rows[precise].vi));
    return {
      estimate, se, tau2,
      q: fixed.q,
      q_pvalue: chiSquaredTail(fixed.q, df),
      i2: 100 * (method === "EE"
        ? Math.max(0, fixed.q - df) / (fixed.q || 1) : tau2 / (tau2 + typical)),
      tau2_low: lower,
      tau2_high: upper,
      pvalue: ci === "z" ? erfc(Math.abs(estimate / se) / Math.SQRT2)
        : twoSidedT(estimate / se, df),
    };
  };
})();
