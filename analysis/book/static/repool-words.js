/* A selection of studies in numbers and words: analysis.figures.numbers and .words, for the page.
   tests/test_book_repool.py holds every text made here to the one made there. */
"use strict";
globalThis.repool ??= {};
(() => {
  const MINUS = "\u2212", ABSENT = "\u2013";

  /* toFixed rounds exact halves up, Python to even; no other difference exists. */
  function fixed(value, decimals) {
    const text = value.toFixed(decimals);
    const tie = Math.abs(value).toFixed(decimals + 30).split(".")[1].slice(decimals);
    if (tie !== "5" + "0".repeat(29)) return text;
    const even = 2 * Math.round((Math.abs(value) * 10 ** decimals) / 2);
    return ((Math.sign(value) * even) / 10 ** decimals).toFixed(decimals);
  }

  function number(value, decimals = 2) {
    if (value === null) return ABSENT;
    if (!Number.isFinite(value)) return value > 0 ? "∞" : `${MINUS}∞`;
    const text = fixed(value, decimals);
    return (Number(text) === 0 ? text.replace("-", "") : text).replace("-", MINUS);
  }

  /* Bind what no line may tear apart, as "k = 4" and "95% CI". */
  const unbroken = (text) => text.replaceAll(/ ([=<>≤≥]) (?=[−-]?[\d.∞])/g, "\u00a0$1\u00a0")
    .replaceAll(" %", "\u00a0%").replaceAll("% CI", "%\u00a0CI");

  function effect(value, measure) {
    if (measure.scale === "log") {
      if (value < measure.smallest / 2) return `<${measure.smallest}`;
      if (value >= measure.largest) return `>${measure.largest}`;
    }
    return number(value * measure.factor, measure.decimals);
  }

  const between = (low, high, measure) =>
    `${effect(low, measure)} to ${effect(high, measure)}${measure.unit}`;

  const interval = ([estimate, low, high], measure) =>
    `${effect(estimate, measure)} [${effect(low, measure)}, ${effect(high, measure)}]`;

  function pValue(p) {
    if (p < 0.001) return "< 0.001";
    if (p < 0.01 || (p >= 0.045 && p < 0.055)) return `= ${number(p, 3)}`;
    return p > 0.99 ? "> 0.99" : `= ${number(p)}`;
  }

  const BACK = {
    identity: (x) => x,
    log: Math.exp,
    logit: (x) => 1 / (1 + Math.exp(-x)),
  };

  /* Turn what the engine found, on the scale of pooling, into what is shown. */
  function result(data, chosen, method, ci, fit) {
    const k = chosen.length, measure = data.measure, policy = data.policy[k];
    const back = BACK[measure.scale];
    const n = chosen.reduce((sum, i) => sum + data.rows[i].n, 0);
    const found = { k, n, method, ci, pooled: null, reason: policy.reason };
    if (fit === null) return found;
    const { z, t } = data.quantiles;
    const half = (ci === "z" ? z : t[k - 2]) * fit.se;
    const limits = [fit.estimate, fit.estimate - half, fit.estimate + half].map(back);
    let prediction = null;
    if (policy.prediction && method !== "EE") {
      const wide = t[k - 3] * Math.sqrt(fit.tau2 + fit.se ** 2);
      prediction = [back(fit.estimate - wide), back(fit.estimate + wide)];
    }
    const weights = chosen.map((i) => 1 / (data.rows[i].vi + fit.tau2));
    const total = weights.reduce((sum, w) => sum + w, 0);
    found.pooled = { limits, prediction, weights: weights.map((w) => (100 * w) / total) };
    return found;
  }

  function sentence(data, found) {
    const { measure, level } = data;
    if (found.pooled === null) return found.reason;
    const [estimate, low, high] = found.pooled.limits;
    let text = `Pooled ${measure.name.toLowerCase()} ${effect(estimate, measure)}${measure.unit}, `
      + `${data.intervals[found.ci].name} ${between(low, high, measure)}, `
      + `${data.methods[found.method].name}.`;
    if (found.pooled.prediction !== null) {
      text += ` ${level} prediction interval ${between(...found.pooled.prediction, measure)}.`;
    }
    return text;
  }

  function direction(data, found) {
    const nothing = data.measure.null;
    if (found.pooled === null || nothing === null) return "";
    const [estimate, low, high] = found.pooled.limits;
    if (estimate === nothing) return "The estimate is exactly no difference.";
    const side = data.favours[estimate < nothing ? 0 : 1];
    const clear = low <= nothing && nothing <= high ? "includes" : "excludes";
    return `The estimate favours ${side}; its interval ${clear} no difference.`;
  }

  function heterogeneity(data, found, fit) {
    if (fit === null) return [];
    const spread = found.method === "EE"
      ? "" : ` [${number(fit.tau2_low)}, ${number(fit.tau2_high)}]`;
    const parts = [`τ² = ${number(fit.tau2)}${spread}, τ = ${number(Math.sqrt(fit.tau2))}`];
    if (data.policy[found.k].i2) {
      parts.push(`I² = ${number(fit.i2, 0)}% (${data.i2[found.method]})`);
    }
    parts.push(`Q = ${number(fit.q)}, df = ${found.k - 1}, P ${pValue(fit.q_pvalue)}`);
    const lines = [`Heterogeneity: ${parts.join("; ")}`];
    if (data.measure.null !== null) {
      lines.push(`Test for overall effect: P ${pValue(fit.pvalue)}`);
    }
    return lines;
  }

  function notes(data, found) {
    if (found.pooled === null) return [];
    return data.policy[found.k].notes[found.method === "EE" ? "common" : "random"];
  }

  /* The engine's results of all selections, as looked up by the rows chosen. */
  function lookup({ names, values }) {
    const bytes = Uint8Array.from(atob(values), (character) => character.charCodeAt(0));
    const view = new DataView(bytes.buffer);
    const size = bytes.length / 8 / names.length;
    return (chosen, method, ci) => {
      const place = chosen.reduce((sum, i) => sum + 2 ** i, 0);
      const fit = {};
      names.forEach((name, i) => {
        const words = name.split(" "), last = words.pop();
        if (words.every((word) => word === method || word === ci)) {
          fit[last] = view.getFloat64(8 * (i * size + place), true);
        }
      });
      return Number.isNaN(fit.se) ? null : fit;
    };
  }

  Object.assign(repool, {
    number, unbroken, effect, interval, pValue, result, sentence, direction, heterogeneity, notes, lookup,
  });
})();
