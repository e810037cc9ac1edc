// A box that scrolls sideways is a stop of the Tab key; one whose content fits is none.
"use strict";

const BOXES = ".table-box, .figure-box, .formula, .scroll, .highlight pre";
const watcher = new ResizeObserver((changes) => {
  for (const box of new Set(changes.map(({ target }) => target.closest(BOXES)))) {
    if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  }
});

function watchBox(box) {
  watcher.observe(box);
  if (box.firstElementChild) watcher.observe(box.firstElementChild);
}

document.querySelectorAll(BOXES).forEach(watchBox);
