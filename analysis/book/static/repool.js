/* Shows the re-pooling panels of a page, and fetches what one needs when it is opened. */
"use strict";
globalThis.repool ??= {};
(() => {
  const here = document.currentScript.src;
  const at = (path) => new URL(path, here).href;
  const loaded = new Map();

  /* What fails is forgotten, so that opening the panel again asks again. */
  function load(path) {
    if (!loaded.has(path)) {
      const part = path.endsWith(".css")
        ? Object.assign(document.createElement("link"), { rel: "stylesheet", href: at(path) })
        : Object.assign(document.createElement("script"), { src: at(path) });
      loaded.set(path, new Promise((done, failed) => {
        part.onload = done;
        part.onerror = () => { loaded.delete(path); failed(new Error(path)); };
        document.head.append(part);
      }));
    }
    return loaded.get(path);
  }

  async function fetchAll(question) {
    await Promise.all(["repool.css", "repool-words.js", "repool-panel.js",
      `../data/repool/${question}.js`].map(load));
    const data = repool.received[question];
    if (data.table === null) await load("repool-engine.js");
    return data;
  }

  function say(text) {
    const note = document.createElement("p");
    note.className = "repool-problem";
    note.setAttribute("role", "alert");
    note.textContent = text;
    return note;
  }

  async function open(panel) {
    if (panel.dataset.ready) return;
    panel.dataset.ready = "loading";
    panel.querySelector(".repool-problem")?.remove();
    let data;
    try {
      data = await fetchAll(panel.dataset.question);
    } catch {
      delete panel.dataset.ready;
      panel.append(say("The studies could not be loaded. "
        + "Close this part and open it again to try once more."));
      return;
    }
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

  const asked = new URLSearchParams(location.search).get("repool");
  const shared = panels.find((panel) => panel.dataset.question === asked);
  if (shared) {
    for (let part = shared; part; part = part.parentElement) {
      if (part.tagName === "DETAILS") part.open = true;
    }
    open(shared).then(() => shared.scrollIntoView());
  } else if (asked !== null) {
    document.querySelector("article").prepend(say("This link leads to a reader’s own selection of "
      + "studies for a question that this page does not pool, or no longer does. "
      + "What follows is the review itself."));
  }
})();
