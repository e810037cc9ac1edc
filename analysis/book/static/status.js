// A page may be read long after it was built: say again, from today's date, what is due.
"use strict";

/** What is due on a day, in the words of analysis/living/status.py, and by how many days. */
function dueWords(due, now) {
  const today = Date.UTC(now.getFullYear(), now.getMonth(), now.getDate());
  const days = Math.round((today - Date.parse(due)) / 86_400_000);
  const ago = days === 1 ? "1 day" : `${days} days`;
  const words = days > 0 ? `next search was due ${due}, ${ago} ago` : `next search due ${due}`;
  return { words, days };
}

if (typeof document !== "undefined") {
  for (const line of document.querySelectorAll(".review-status[data-next-due]")) {
    const { words, days } = dueWords(line.dataset.nextDue, new Date());
    line.querySelector(".due").textContent = words;
    line.dataset.state = days > 0 ? "overdue" : "current";
  }
}
