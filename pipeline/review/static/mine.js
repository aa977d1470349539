// A call of one's own: heard from any turn or verdict.
import { bind, inTextField } from "./keys.js";
import { strip } from "./strip.js";

const heard = strip();
const talk = document.getElementById("talk");
const findings = [...document.querySelectorAll(".finding[id]")];
const BEFORE_S = 1;
let at = -1;

function seconds(text) {
  return text.split(":").reduce((sum, part) => sum * 60 + Number(part), 0);
}

function choose(next) {
  if (!findings.length) return;
  findings[at]?.classList.remove("cur");
  at = Math.max(0, Math.min(findings.length - 1, next));
  findings[at].classList.add("cur");
  findings[at].scrollIntoView({ block: "nearest" });
  const mark = talk.querySelector(`mark[data-n~="${at + 1}"]`);
  mark?.scrollIntoView({ block: "center" });
}

talk.addEventListener("click", (event) => {
  const turn = event.target.closest(".turn");
  if (turn && !String(getSelection())) heard.hear(seconds(turn.querySelector(".at").textContent) - BEFORE_S);
});
for (const button of document.querySelectorAll(".hear")) {
  button.addEventListener("click", () => heard.hear(Number(button.dataset.play)));
}
bind(document, {
  Space: heard.toggle,
  KeyJ: () => choose(at + 1),
  KeyK: () => choose(at - 1),
  Enter: () => {
    const button = findings[at]?.querySelector(".hear");
    if (!button) return false;
    button.click();
    return true;
  },
  Escape: () => {
    if (inTextField()) return false;
    location.assign(document.getElementById("back").href);
    return true;
  },
});
