// The list of rules: one row has the keys.
import { bind } from "./keys.js";

const rows = [...document.querySelectorAll("#rules tr")];
let at = -1;

function choose(next) {
  if (!rows.length) return;
  rows[at]?.classList.remove("cur");
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

bind(document, {
  KeyJ: () => choose(at + 1),
  ArrowDown: () => choose(at + 1),
  KeyK: () => choose(at - 1),
  ArrowUp: () => choose(at - 1),
  Enter: open,
});
