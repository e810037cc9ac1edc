// Shows what a citation stands for where it stands. Without this script it is a link to the list.
"use strict";
globalThis.citations ??= {};
(() => {
  const here = document.currentScript.src;
  let entries, box, asked;

  /* The entries come when somebody first asks for one; a script can be read from disk, too. */
  function load() {
    entries ??= new Promise((done, failed) => {
      citations.receive = done;
      const script = document.createElement("script");
      Object.assign(script, { src: new URL("references.js", here).href, onerror: failed });
      document.head.append(script);
    });
    return entries;
  }

  function make() {
    const made = document.createElement("div");
    made.className = "source-box";
    made.popover = "auto";
    made.tabIndex = -1;
    made.autofocus = true;
    made.setAttribute("role", "dialog");
    made.setAttribute("aria-label", "Source");
    made.addEventListener("keydown", ({ key }) => key === "Escape" && made.hidePopover());
    made.addEventListener("toggle", ({ newState }) =>
      newState === "closed" && asked.focus({ preventScroll: true }));
    document.body.append(made);
    return made;
  }

  function show(link, entry) {
    box ??= make();
    asked = link;
    const list = Object.assign(document.createElement("a"), { href: link.href, textContent: "In the list" });
    const close = Object.assign(document.createElement("button"), { type: "button", textContent: "Close" });
    close.addEventListener("click", () => box.hidePopover());
    const actions = document.createElement("p");
    actions.className = "actions";
    actions.append(list, close);
    box.innerHTML = entry;
    box.append(actions);
    box.showPopover();
  }

  document.addEventListener("click", (event) => {
    const link = event.target.closest('article a[href*="#cite-"]');
    const elsewhere = event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey;
    if (!link || elsewhere || !HTMLElement.prototype.showPopover) return;
    event.preventDefault();
    load().then((found) => {
      const entry = found[decodeURIComponent(link.hash.slice(1))];
      if (entry) show(link, entry);
      else location.assign(link.href);
    }, () => location.assign(link.href));
  });
})();
