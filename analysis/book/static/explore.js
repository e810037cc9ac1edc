/* Makes a table one to work with: words to search, values to choose, columns to show and to sort
   by, and exactly what is shown to take away as CSV or JSON. Without it the table is complete. */
"use strict";
globalThis.explore ??= {};
(() => {
  /* Text that a spreadsheet would run begins with a quote instead; analysis.book.downloads does
     the same, and tests/test_book_downloads.py holds the two together. */
  function cell(value) {
    const text = value.replaceAll(/\r\n?/g, "\n");
    const number = /^[+-]?\d+(\.\d+)?(e[+-]?\d+)?$/.test(text);
    const safe = /^[=+\-@\t]/.test(text) && !number ? `'${text}` : text;
    return /[",\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  }

  const csv = (lines) => lines.map((line) => `${line.map(cell).join(",")}\n`).join("");

  const words = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

  /* Numbers by size, words by alphabet, what is empty last in either direction. */
  function compare(one, other, down) {
    if (one === "" || other === "") return (one === "") - (other === "");
    const [first, second] = [Number(one), Number(other)];
    const order = Number.isNaN(first) || Number.isNaN(second)
      ? words.compare(one, other) : first - second;
    return down ? -order : order;
  }

  function make(tag, properties = {}, ...children) {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  }

  function save(name, kind, text) {
    const link = make("a", { download: name, href: URL.createObjectURL(new Blob([text], { type: kind })) });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  }

  function start(box) {
    const table = box.querySelector("table");
    const body = table.tBodies[0];
    const heads = [...table.tHead.rows[0].cells];
    const titles = heads.map((head) => head.textContent);
    const rows = [...body.rows];
    const texts = new Map(rows.map((row) =>
      [row, [...row.cells].map((one) => one.textContent.trim().replace(/\s+/g, " "))]));
    const off = titles.map((_, i) => heads[i].hidden);

    const search = make("input", { type: "search" });
    const lists = box.dataset.choices.split(" ").map(Number).map((column) => {
      const values = [...new Set(rows.map((row) => texts.get(row)[column]))].filter(Boolean);
      const field = make("select", {}, new Option("all", ""),
        ...values.sort(words.compare).map((value) => new Option(value, value)));
      return { column, field };
    });
    const order = make("select", {}, new Option("as in the file", ""),
      ...titles.flatMap((title, i) =>
        [new Option(title, `${i} up`), new Option(`${title}, downwards`, `${i} down`)]));
    order.addEventListener("change", () => {
      const [column, direction] = order.value.split(" ");
      sort(order.value === "" ? null : Number(column), direction === "down");
    });
    const count = make("output");
    const ticks = titles.map((title, i) => {
      const tick = make("input", { type: "checkbox", checked: !off[i], disabled: i === 0 });
      tick.addEventListener("change", () => {
        for (const row of [table.tHead.rows[0], ...rows]) row.cells[i].hidden = !tick.checked;
      });
      return make("label", {}, tick, ` ${title}`);
    });
    const buttons = [["CSV", "text/csv", () => csv(shown())],
      ["JSON", "application/json", () => `${JSON.stringify(records(), null, 1)}\n`]];
    const saves = buttons.map(([kind, type, text]) => {
      const button = make("button", { type: "button" }, `Save what is shown as ${kind}`);
      button.addEventListener("click", () =>
        save(`${box.dataset.name}.${kind.toLowerCase()}`, type, text()));
      return button;
    });
    const all = make("button", { type: "button" }, "Show all rows");
    all.addEventListener("click", () => {
      for (const field of [search, ...lists.map((list) => list.field)]) field.value = "";
      show();
    });

    const bar = make("div", { className: "filters", role: "search" },
      make("label", {}, "Search this table ", search),
      ...lists.map(({ column, field }) => make("label", {}, `${titles[column]} `, field)),
      make("label", { className: "order" }, "Sort by ", order), count);
    bar.setAttribute("aria-label", table.caption.textContent);
    bar.addEventListener("input", show);
    const choose = make("details", {}, make("summary", {}, "Choose columns"),
      make("div", { className: "columns" }, ...ticks));
    box.prepend(bar, choose, make("div", { className: "saves" }, ...saves, all));

    function show() {
      const wanted = search.value.toLowerCase().split(/\s+/).filter(Boolean);
      let visible = 0;
      for (const row of rows) {
        const cells = texts.get(row), all = cells.join(" ").toLowerCase();
        row.hidden = !(wanted.every((word) => all.includes(word))
          && lists.every(({ column, field }) => !field.value || cells[column] === field.value));
        visible += !row.hidden;
      }
      count.textContent = `${visible} of ${rows.length} rows`
        + (visible === 0 ? ": no row has all of this" : "");
    }

    /* What the reader sees: visible rows in their order, visible columns. */
    function shown() {
      const columns = [...titles.keys()].filter((i) => !heads[i].hidden);
      const lines = [...body.rows].filter((row) => !row.hidden)
        .map((row) => columns.map((i) => texts.get(row)[i]));
      return [columns.map((i) => titles[i]), ...lines];
    }

    function records() {
      const [names, ...lines] = shown();
      return lines.map((line) => Object.fromEntries(line.map((text, i) => [names[i], text])));
    }

    function sort(column, down) {
      order.value = column === null ? "" : `${column} ${down ? "down" : "up"}`;
      for (const head of heads) head.ariaSort = null;
      if (column !== null) heads[column].ariaSort = down ? "descending" : "ascending";
      body.append(...(column === null ? rows : [...rows].sort((one, other) =>
        compare(texts.get(one)[column], texts.get(other)[column], down))));
    }

    heads.forEach((head, i) => {
      const button = make("button", { type: "button" }, titles[i]);
      button.addEventListener("click", () => sort(i, head.ariaSort === "ascending"));
      head.replaceChildren(button);
    });
    show();
  }

  Object.assign(explore, { csv, compare });
  if (globalThis.document) document.querySelectorAll(".explore").forEach(start);
})();
