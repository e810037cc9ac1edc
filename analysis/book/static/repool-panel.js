/* The panel in which a reader pools a selection of studies. */
"use strict";
globalThis.repool ??= {};
(() => {
  const SVG = "http://www.w3.org/2000/svg";

  function make(tag, properties = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(properties)) {
      if (name in element) element[name] = value;
      else element.setAttribute(name, value);
    }
    element.append(...children.map((child) =>
      (typeof child === "string" ? repool.unbroken(child) : child)));
    return element;
  }

  function draw(tag, attributes, parent) {
    const element = document.createElementNS(SVG, tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    parent.append(element);
    return element;
  }

  /* ---- the plot: one drawing in each row of the table, all on one axis ---- */

  function position(axis, value) {
    const share = axis.log
      ? Math.log(value / axis.low) / Math.log(axis.high / axis.low)
      : (value - axis.low) / (axis.high - axis.low);
    return 100 * share;
  }

  function plot(cell, axis, nothing) {
    const svg = document.createElementNS(SVG, "svg");
    svg.setAttribute("aria-hidden", "true");
    cell.replaceChildren(svg);
    if (nothing !== null) {
      const x = `${position(axis, nothing)}%`;
      draw("line", { x1: x, x2: x, y1: 0, y2: "100%", class: "null" }, svg);
    }
    return svg;
  }

  /* Draw what lies on the axis, and arrows where something passes its ends. */
  function line(svg, axis, [low, high], kind) {
    const [from, to] = [low, high].map((value) => position(axis, value));
    const ends = { x1: `${Math.max(from, 0)}%`, x2: `${Math.min(to, 100)}%` };
    draw("line", { ...ends, y1: "50%", y2: "50%", class: kind }, svg);
    if (from < 0) arrow(svg, 0, kind);
    if (to > 100) arrow(svg, 100, kind);
  }

  function arrow(svg, x, kind) {
    const box = draw("svg", { x: `${x}%`, y: "50%", overflow: "visible", class: kind }, svg);
    const back = x === 0 ? 8 : -8;
    draw("path", { d: `M0 0L${back} -4V4Z`, class: "tip" }, box);
  }

  function square(svg, axis, value, weight, kind) {
    const side = weight === null ? 6 : Math.max(3, 12 * Math.sqrt(weight));
    draw("rect", {
      x: `${position(axis, value)}%`, y: "50%", width: side, height: side,
      transform: `translate(${-side / 2} ${-side / 2})`, class: kind,
    }, svg);
  }

  function diamond(svg, axis, limits, kind) {
    const [middle, low, high] = limits.map((value) => position(axis, value));
    const box = draw("svg", {
      viewBox: "0 0 100 12", preserveAspectRatio: "none",
      x: 0, y: "50%", width: "100%", height: 12, transform: "translate(0 -6)",
    }, svg);
    draw("path", { d: `M${low} 6L${middle} 0L${high} 6L${middle} 12Z`, class: kind }, box);
    if (low < 0) arrow(svg, 0, kind);
    if (high > 100) arrow(svg, 100, kind);
  }

  function ticks(cell, axis) {
    const middle = (axis.ticks.length - 1) / 2;
    cell.replaceChildren(...axis.ticks.map((tick, i) => {
      const kind = i % middle === 0 ? "tick" : "tick between";
      const mark = make("span", { className: kind }, axis.labels[i]);
      mark.style.left = `${position(axis, tick)}%`;
      return mark;
    }));
  }

  /* ---- the selection: which rows, which estimator, which interval ---- */

  const reviews = (data) => ({
    chosen: data.rows.map((row) => row.pooled),
    method: data.review.method,
    ci: data.review.ci,
  });

  const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);

  /* The first chosen row that shares people with row i, if any. */
  function conflict(data, chosen, i) {
    return data.rows.find((row, j) =>
      j !== i && chosen[j] && row.people.some((who) => data.rows[i].people.includes(who)));
  }

  function address(data, state) {
    const url = new URL(location.href);
    const keys = data.rows.filter((_, i) => state.chosen[i]).map((row) => row.key);
    url.search = new URLSearchParams({
      repool: data.id, studies: keys.join(" "), model: state.method, interval: state.ci,
      data: data.version,
    });
    url.hash = `repool-${data.id}`;
    return url;
  }

  /* The wanted rows without those that share people with one before them. */
  function apart(data, wanted) {
    return wanted.reduce((chosen, wish, i) =>
      [...chosen, wish && !conflict(data, chosen, i)], []);
  }

  /* Of the chosen studies those of one kind; if none is, the review's; if none is, all there are. */
  function keepOnly(data, chosen, stay) {
    return [chosen, reviews(data).chosen, data.rows.map(() => true)]
      .map((from) => apart(data, from.map((on, i) => on && stay.includes(i))))
      .find((kept) => kept.some(Boolean));
  }

  const KEY = /^[a-z][a-z0-9_.]{0,39}$/, VERSION = /^\d+(\.\d+){1,3}$/;

  /* What a link names that is no study here. Only what looks like the name of one is repeated:
     a link can hold any text, and a page must not seem to say it. */
  function lostStudies(keys, known) {
    const lost = [...new Set(keys)].filter((key) => !known.includes(key));
    const named = lost.filter((key) => KEY.test(key)).slice(0, 10);
    const others = lost.length - named.length;
    if (others > 0) named.push(`${others} ${others === 1 ? "name" : "names"} unknown here`);
    return named.length === 0 ? []
      : [`No longer among the studies of this question: ${named.join(", ")}.`];
  }

  /* Read a shared link; say in words what of it cannot be followed. */
  function restore(data) {
    const asked = new URLSearchParams(location.search);
    const state = reviews(data);
    const warnings = [];
    if (asked.get("repool") !== data.id) return { state, warning: "" };
    if (asked.has("studies")) {
      const keys = asked.get("studies").split(" ").filter((key) => key !== "");
      const known = data.rows.map((row) => row.key);
      const wanted = known.map((key) => keys.includes(key));
      state.chosen = apart(data, wanted);
      warnings.push(...lostStudies(keys, known));
      const twice = data.rows.filter((_, i) => wanted[i] && !state.chosen[i]);
      if (twice.length > 0) {
        warnings.push(`Left out, because their people would count twice: ${
          twice.map((row) => row.label).join(", ")}.`);
      }
    }
    for (const [name, part, known] of [["model", "method", data.methods],
      ["interval", "ci", data.intervals]]) {
      if (Object.hasOwn(known, asked.get(name))) state[part] = asked.get(name);
      else if (asked.has(name)) warnings.push(`The link’s ${name} is not one of those here.`);
    }
    const made = asked.get("data") ?? "";
    if (made !== data.version) {
      warnings.push(`This link was made with ${
        VERSION.test(made) ? `data version ${made}` : "an unknown data version"}; `
        + `the numbers are those of version ${data.version}.`);
    }
    return { state, warning: warnings.join(" ") };
  }

  /* ---- the panel ---- */

  function effectName({ name, unit }) {
    return unit === "" ? name : `${name} (${unit.trim()})`;
  }

  function choice(label, options, chosen, change) {
    const select = make("select", {}, ...Object.entries(options).map(([value, option]) =>
      make("option", { value }, option.label)));
    select.value = chosen;
    select.addEventListener("change", () => change(select.value));
    return [make("label", {}, `${label} `, select), select];
  }

  function studyRow(data, i, change) {
    const row = data.rows[i];
    const box = make("input", { type: "checkbox" });
    const why = make("small", { id: `repool-${data.id}-why-${i}` });
    box.setAttribute("aria-describedby", why.id);
    box.addEventListener("change", () => change(box.checked));
    const cells = {
      effect: make("td", { className: "effect" }, row.effect),
      weight: make("td", { className: "weight" }),
      plot: make("td", { className: "plot" }),
    };
    const head = make("th", { scope: "row" }, make("label", {}, box, ` ${row.label}`), why);
    return { element: make("tr", {}, head, cells.effect, cells.weight, cells.plot), box, why, cells };
  }

  function resultRow(label, kind) {
    const cells = {
      head: label === null ? make("td") : make("th", { scope: "row" }, label),
      effect: make("td", { className: "effect" }),
      weight: make("td", { className: "weight" }),
      plot: make("td", { className: "plot" }),
    };
    return { element: make("tr", { className: kind }, ...Object.values(cells)), cells };
  }

  repool.start = (panel, data) => {
    const { measure, axis } = data;
    const analyse = data.table === null ? repool.engine(data) : repool.lookup(data.table);
    let { state, warning } = restore(data);

    function update(change) {
      state = { ...state, ...change };
      warning = "";
      show();
      const another = new URLSearchParams(location.search).get("repool") !== data.id;
      if (!same(state, reviews(data))) history.replaceState(null, "", address(data, state));
      else if (!another) history.replaceState(null, "", location.pathname);
    }

    const rows = data.rows.map((_, i) => studyRow(data, i, (on) =>
      update({ chosen: state.chosen.map((was, j) => (j === i ? on : was)) })));
    const [methodLabel, method] =
      choice("Model", data.methods, state.method, (value) => update({ method: value }));
    const [ciLabel, ci] =
      choice("Interval", data.intervals, state.ci, (value) => update({ ci: value }));
    const keep = data.keep.map(({ label, rows: stay }) => {
      const button = make("button", { type: "button" }, label);
      button.addEventListener("click", () =>
        update({ chosen: keepOnly(data, state.chosen, stay) }));
      return button;
    });
    const back = make("button", { type: "button" }, "Back to the review’s result");
    back.addEventListener("click", () => update(reviews(data)));
    const link = make("a", {}, "Link to this selection");
    const copy = make("button", { type: "button" }, "Copy link and citation");
    const copied = make("span", { role: "status" });
    copy.addEventListener("click", async () => {
      const text = citation();
      try {
        await navigator.clipboard.writeText(text);
        copied.textContent = "Copied.";
      } catch {
        copied.textContent = text; // no clipboard here: to be selected by hand
      }
    });

    const pooled = resultRow("", "pooled");
    const prediction = resultRow(`${data.level} prediction interval`, "prediction");
    const review = resultRow("The review’s result", "review");
    review.cells.effect.textContent = data.review.effect;
    const scale = resultRow(null, "scale");
    const table = make("table", {},
      make("caption", {}, `Studies to pool: ${data.title}`),
      make("thead", {}, make("tr", {}, ...["Study", `${effectName(measure)} [${data.level} CI]`,
        "Weight (%)", "Plot"].map((text) => make("th", { scope: "col" }, text)))),
      make("tbody", {}, ...rows.map((row) => row.element)),
      make("tfoot", {}, ...[pooled, prediction, review, scale].map((row) => row.element)));

    const box = make("div", { className: "scroll", role: "group",
      "aria-label": `Studies to pool: ${data.title}` }, table);
    watchBox(box); // static/boxes.js: a stop of the Tab key only while it scrolls
    const banner = data.banner === "" ? [] : [make("p", { className: "warned" }, data.banner)];
    const mark = make("strong"), said = make("span"), warned = make("p", { className: "warned" });
    const status = make("div", { role: "status", className: "result" },
      make("p", {}, mark, " ", said), ...banner, warned);
    const details = make("ul", { className: "lines" });
    const others = data.others.map(({ label, reason }) => make("li", {}, `${label}: ${reason}`));

    panel.append(make("div", { className: "repool-body" },
      make("p", { className: "how" }, "Tick studies on and off, or change the model. "
        + (data.table === null ? "Studies are many here, so this page works the numbers out itself, "
          + "by the formulae of the review’s engine" : "Every number comes from the engine that "
          + "made the review’s own") + "; the figure above stays as it is."),
      ...(keep.length === 0 ? [] : [make("div", { className: "keep", role: "group", "aria-label": "Keep only" },
        "Keep only: ", ...keep)]),
      make("div", { className: "choices" }, methodLabel, ciLabel),
      box,
      status, details,
      make("div", { className: "actions" }, back, copy, link, copied),
      ...(others.length === 0 ? [] : [make("p", {}, "Cannot be chosen:"),
        make("ul", {}, ...others)])));

    function citation() {
      const labels = data.rows.filter((_, i) => state.chosen[i]).map((row) => row.label);
      return [`${document.title}, data version ${data.version}.`, `${data.title}.`, data.banner,
        same(state, reviews(data)) ? "The review’s result:" : "Own selection, not the review’s result:",
        `${labels.join("; ") || "no study"};`,
        `${data.methods[state.method].name}, ${data.intervals[state.ci].name}.`,
        said.textContent, link.href].filter((part) => part !== "").join(" ").replaceAll("\u00a0", " ");
    }

    function show() {
      const own = !same(state, reviews(data));
      const chosen = [...state.chosen.keys()].filter((i) => state.chosen[i]);
      const fit = chosen.length < 2 ? null : analyse(chosen, state.method, state.ci);
      const found = repool.result(data, chosen, state.method, state.ci, fit);
      method.value = state.method;
      ci.value = state.ci;
      rows.forEach((row, i) => showRow(row, i, found, chosen.indexOf(i)));
      showResult(found, own);
      mark.textContent = own ? "Your own selection, not the review’s result."
        : "The review’s result.";
      said.textContent = repool.unbroken([`${found.k} ${found.k === 1 ? "study" : "studies"}, `
        + `${repool.number(found.n, 0)} people.`, repool.sentence(data, found),
        repool.direction(data, found)].join(" ").trim());
      warned.textContent = warning;
      const lines = [...repool.heterogeneity(data, found, fit), ...repool.notes(data, found)];
      details.replaceChildren(...lines.map((text) => make("li", {}, text)));
      panel.classList.toggle("own", own);
      link.href = address(data, state);
      copied.textContent = "";
    }

    function showRow(row, i, found, place) {
      const clash = conflict(data, state.chosen, i);
      const { limits, note } = data.rows[i];
      row.box.checked = place >= 0;
      row.box.disabled = clash !== undefined;
      row.why.textContent = clash ? `Holds people of ${clash.label}, who would count twice.` : note;
      const weights = place >= 0 && found.pooled ? found.pooled.weights : null;
      row.cells.weight.textContent = repool.number(weights && weights[place], 1);
      const svg = plot(row.cells.plot, axis, measure.null);
      line(svg, axis, limits.slice(1), "interval");
      square(svg, axis, limits[0], weights && weights[place] / Math.max(...weights),
        place >= 0 ? "chosen" : "left-out");
    }

    function showResult(found, own) {
      const result = found.pooled;
      pooled.cells.effect.textContent = result ? repool.interval(result.limits, measure) : "\u2013";
      pooled.cells.weight.textContent = result ? "100.0" : "\u2013";
      const svg = plot(pooled.cells.plot, axis, measure.null);
      if (result) diamond(svg, axis, result.limits, "diamond");
      const range = result && result.prediction;
      prediction.element.hidden = !range;
      if (range) {
        const ends = range.map((value) => repool.effect(value, measure));
        prediction.cells.effect.textContent = `[${ends.join(", ")}]`;
        line(plot(prediction.cells.plot, axis, measure.null), axis, range, "range");
      }
      pooled.cells.head.textContent = own ? "Your own selection" : "The review’s result";
      review.element.hidden = !own;
      diamond(plot(review.cells.plot, axis, measure.null), axis, data.review.limits, "reference");
      ticks(scale.cells.plot, axis);
    }

    show();
  };
})();
