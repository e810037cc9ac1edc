/* Shows the re-pooling panels of a page, and fetches what one needs when it is opened. */
"use strict";
globalThis.repool ??= {};
(() => {
  const here = document.currentScript.src;
  const at = (path) => new URL(path, here).href;
  const loaded = new Map();

  function load(path) {
    if (!loaded.has(path)) {
      loaded.set(path, new Promise((done, failed) => {
        const script = document.createElement("script");
        Object.assign(script, { src: at(path), onload: done, onerror: failed });
        document.head.append(script);
      }));
    }
    return loaded.get(path);
  }

  function addStyles() {
    const link = document.createElement("link");
    Object.assign(link, { rel: "stylesheet", href: at("repool.css") });
    document.head.append(link);
  }

  async function open(panel) {
    if (panel.dataset.ready) return;
    panel.dataset.ready = "loading";
    if (loaded.size === 0) addStyles();
    const question = panel.dataset.question;
    await Promise.all([
      load("repool-words.js"),
      load("repool-panel.js"),
      load(`../data/repool/${question}.js`),
    ]);
    const data = repool.received[question];
    if (data.table === null) await load("repool-engine.js");
    repool.start(panel, data);
    panel.dataset.ready = "yes";
  }

  repool.received = {};
  repool.receive = (data) => { repool.received[data.id] = data; };

  const panels = [...document.querySelectorAll("details.repool")];
  for (const panel of panels) {
    panel.hidden = false;
    panel.addEventListener("toggle", () => panel.open && open(panel));
  }
  const hide = (hidden) => panels.filter((panel) => !panel.dataset.ready)
    .forEach((panel) => { panel.hidden = hidden; });
  addEventListener("beforeprint", () => hide(true));
  addEventListener("afterprint", () => hide(false));

  const asked = new URLSearchParams(location.search).get("repool");
  const shared = asked && document.getElementById(`repool-${asked}`);
  if (shared) {
    for (let part = shared; part; part = part.parentElement) {
      if (part.tagName === "DETAILS") part.open = true;
    }
    open(shared).then(() => shared.scrollIntoView());
  }
})();
