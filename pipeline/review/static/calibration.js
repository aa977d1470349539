// Calibration: lists whose rows have the keys, and one call side by side.
import { bind, inTextField } from "./keys.js";
import { strip } from "./strip.js";

const byId = (id) => document.getElementById(id);
const rows = [...document.querySelectorAll("#rules tr[data-href]")];
let at = -1;

function choose(next) {
  if (!rows.length) return;
  rows[at]?.classList.remove("cur");
  at = Math.max(0, Math.min(rows.length - 1, next));
  rows[at].classList.add("cur");
  rows[at].querySelector("a").focus({ preventScroll: true });
  rows[at].scrollIntoView({ block: "nearest" });
}

function press(id) {
  const wanted = byId(id);
  if (!wanted) return false;
  wanted.click();
  return true;
}

byId("new-session")?.addEventListener("click", () => byId("session-dialog").showModal());

const gold = byId("gold");
const heard = gold && byId("toggle") ? strip() : null;
gold?.addEventListener("click", (event) => {
  const place = event.target.closest("[data-hear]");
  if (place && heard) heard.hear(Number(place.dataset.hear));
});

bind(document, {
  KeyJ: () => choose(at + 1),
  ArrowDown: () => choose(at + 1),
  KeyK: () => choose(at - 1),
  ArrowUp: () => choose(at - 1),
  Enter: () => { if (at < 0) return false; location.assign(rows[at].dataset.href); return true; },
  KeyC: () => press("new-session"),
  KeyN: () => press("following"),
  Space: () => (heard ? heard.toggle() : false),
  "Shift+Enter": () => {
    const button = gold?.querySelector(".primary");
    if (!button) return false;
    gold.requestSubmit(button);
    return true;
  },
  Escape: () => (inTextField() ? false : press("back")),
});
