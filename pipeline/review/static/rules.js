// A list whose rows lead somewhere, such as that of rules: one row has the keys.
import { bind } from "./keys.js";

// The table is changed for one with more in it while the page is open.
let rows = [...document.querySelectorAll("#rules tr[data-href]")];
let at = -1;
document.addEventListener("htmx:afterSwap", () => {
  const href = rows[at]?.dataset.href;
  rows = [...document.querySelectorAll("#rules tr[data-href]")];
  at = rows.findIndex((row) => row.dataset.href === href);
  if (at >= 0) choose(at);
});

function choose(next) {
  if (!rows.length) return;
  for (const row of rows) row.classList.remove("cur");
  at = Math.max(0, Math.min(rows.length - 1, next));
  rows[at].classList.add("cur");
  rows[at].querySelector("a").focus({ preventScroll: true });
  rows[at].scrollIntoView({ block: "nearest" });
}

function open() {
  if (at < 0) return false;
  location.assign(rows[at].dataset.href);
  return true;
}

function back() {
  const link = document.getElementById("back");
  if (!link) return false;
  location.assign(link.href);
  return true;
}

bind(document, {
  Escape: back,
  KeyJ: () => choose(at + 1),
  ArrowDown: () => choose(at + 1),
  KeyK: () => choose(at - 1),
  ArrowUp: () => choose(at - 1),
  Enter: open,
});
