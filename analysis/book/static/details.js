// A link may lead into a part of the page that is closed: open it, and print all parts open.
"use strict";

function openTarget() {
  const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!target) return;
  let closed = false;
  for (let part = target; part; part = part.parentElement) {
    if (part.tagName === "DETAILS" && !part.open) {
      part.open = true;
      closed = true;
    }
  }
  if (closed) target.scrollIntoView();
}

addEventListener("hashchange", openTarget);
addEventListener("beforeprint", () => {
  // A panel is a reader's own: it is printed only if the reader has opened it.
  document.querySelectorAll("article details:not([open], .repool)").forEach((part) => {
    part.open = true;
    part.dataset.closed = "";
  });
});
addEventListener("afterprint", () => {
  document.querySelectorAll("article details[data-closed]").forEach((part) => {
    part.open = false;
    delete part.dataset.closed;
  });
});
openTarget();
