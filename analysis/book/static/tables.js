// Makes a table searchable: a box for words, and a list for each column that has few values.
// The table is complete without this script; the script only hides rows.
"use strict";

function filterTable(box, number) {
  const table = box.querySelector("table");
  const rows = [...table.tBodies[0].rows];
  const heads = [...table.tHead.rows[0].cells];
  const columns = box.dataset.choices.split(" ").filter(Boolean).map(Number);
  const bar = document.createElement("div");
  bar.className = "filters";
  bar.setAttribute("role", "search");
  bar.setAttribute("aria-label", table.caption.textContent);

  const search = labelled("Search this table", document.createElement("input"), `find-${number}`);
  search.field.type = "search";
  bar.append(search.label);
  const lists = columns.map((column) => {
    const name = heads[column].textContent;
    const made = labelled(name, document.createElement("select"), `choose-${number}-${column}`);
    const values = [...new Set(rows.map((row) => row.cells[column].textContent.trim()))].filter(Boolean).sort();
    made.field.append(new Option("all", ""), ...values.map((value) => new Option(value, value)));
    bar.append(made.label);
    return { column, field: made.field };
  });
  const count = document.createElement("output");
  count.htmlFor = `find-${number}`;
  bar.append(count);
  box.prepend(bar);

  const texts = rows.map((row) => row.textContent.toLowerCase());
  function show() {
    const words = search.field.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    rows.forEach((row, i) => {
      const wanted =
        words.every((word) => texts[i].includes(word)) &&
        lists.every(({ column, field }) =>
          !field.value || row.cells[column].textContent.trim() === field.value);
      row.hidden = !wanted;
      shown += wanted ? 1 : 0;
    });
    count.textContent = `${shown} of ${rows.length} rows`
      + (shown === 0 ? ": no row has all of this" : "");
  }
  bar.addEventListener("input", show);
  show();
}

function labelled(words, field, id) {
  const label = document.createElement("label");
  field.id = id;
  label.append(`${words} `, field);
  return { label, field };
}

document.querySelectorAll(".filterable").forEach(filterTable);
