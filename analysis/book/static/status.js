// A page may be read long after it was built: say again, from today's date, what is due.
"use strict";

for (const line of document.querySelectorAll(".review-status[data-next-due]")) {
  const due = line.dataset.nextDue;
  const now = new Date();
  const today = Date.UTC(now.getFullYear(), now.getMonth(), now.getDate());
  const days = Math.round((today - Date.parse(due)) / 86_400_000);
  const ago = days === 1 ? "1 day" : `${days} days`;
  line.querySelector(".due").textContent =
    days > 0 ? `next search was due ${due}, ${ago} ago` : `next search due ${due}`;
  line.dataset.state = days > 0 ? "overdue" : "current";
}
