// The page of a rule: its cases are heard by a digit, and kept as examples.
import { Lost, post, t, toast } from "./desk.js";
import { bind } from "./keys.js";
import { clip } from "./clip.js";

const page = document.getElementById("rule");
const cases = [...document.querySelectorAll("#cases .case")];
const sheet = document.getElementById("edit-sheet");
const heard = clip(document.getElementById("sound"));
let at = -1;

function choose(next, focus = true) {
  if (!cases.length) return;
  cases[at]?.classList.remove("cur");
  at = Math.max(0, Math.min(cases.length - 1, next));
  cases[at].classList.add("cur");
  if (focus) cases[at].focus({ preventScroll: true });
  cases[at].scrollIntoView({ block: "nearest" });
}

function play(one) {
  const button = one.querySelector(".play");
  if (button.disabled) { toast(t("规则现已不命中，没有可播放的位置。", "The rule no longer hits: there is no place to play."), "error"); return; }
  heard.toggle(button, one.dataset.call, Number(one.dataset.play));
}

function playDigit(digit) {
  const index = cases.findIndex((one) => one.dataset.key === String(digit));
  if (index < 0) return false;
  choose(index);
  play(cases[index]);
  return true;
}

function current(run) {
  return () => {
    if (at < 0) return false;
    run(cases[at]);
    return true;
  };
}

// A key is made once for each thing said: sent again after a lost connection, it is stored once.
const newKey = () => crypto.randomUUID?.() ?? `${Date.now()}-${Math.random().toString(36).slice(2)}`;

async function keep(one, value, key = newKey()) {
  const { call, turn, charStart, charEnd } = one.dataset;
  if (turn === undefined) { toast(t("这一条不在某一轮话里，不能留作例子。", "This is in no turn and cannot be an example."), "error"); return; }
  const body = { key, recording_id: call, value, turn: Number(turn) };
  if (charStart !== undefined) { body.char_start = Number(charStart); body.char_end = Number(charEnd); }
  const shown = one.querySelector(".kept");
  try {
    const answer = await post(`/rules/${encodeURIComponent(page.dataset.rule)}/examples`, body);
    if (!answer.ok) throw new Error(String(answer.status));
    shown.textContent = value === "good" ? t("已留作正例", "Kept as a positive") : t("已留作反例", "Kept as a negative");
  } catch (error) {
    if (!(error instanceof Lost)) { toast(t("没有保存，请重试。", "Not saved: try again."), "error"); return; }
    shown.textContent = t("待发送", "To be sent");
    document.addEventListener("earmark:back", () => keep(one, value, key), { once: true });
  }
}

for (const [index, one] of cases.entries()) {
  one.addEventListener("click", (event) => {
    choose(index, false);
    if (event.target.closest(".play")) play(one);
  });
  one.addEventListener("focusin", () => { if (at !== index) choose(index, false); });
}
document.getElementById("edit")?.addEventListener("click", () => sheet.showModal());

const keys = {
  KeyJ: () => choose(at + 1),
  ArrowDown: () => choose(at + 1),
  KeyK: () => choose(at - 1),
  ArrowUp: () => choose(at - 1),
  Space: current(play),
  Enter: current((one) => location.assign(one.querySelector(".open").href)),
  Escape: () => location.assign(document.getElementById("back").href),
};
for (let digit = 1; digit <= 9; digit += 1) keys[`Digit${digit}`] = () => playDigit(digit);
if (sheet) {
  keys.KeyP = current((one) => keep(one, "good"));
  keys.KeyN = current((one) => keep(one, "bad"));
  keys.KeyE = () => sheet.showModal();
}
bind(document, keys);
if (cases.length) choose(0, false);
