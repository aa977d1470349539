// The queue: the row in hand, keys, the key sentence, the list that changes in place.
//
// show(address) puts another list in the place of this one; views, filters, order and search all go through it.
import { bind, inTextField } from "./keys.js";
import { Lost, post, t, toast } from "./desk.js";
import { closeMenu, openMenu } from "./queue_menu.js";
import { openAssign, openSave, removeView } from "./queue_sheets.js";

const byId = (id) => document.getElementById(id);
const found = () => byId("found");
const rows = () => [...document.querySelectorAll("#rows > tr[data-call]")];
const wide = window.matchMedia("(min-width: 1600px)");
const HELD_MS = 20_000;
const VIEWS_MS = 60_000;
const TYPING_MS = 350;
const NEAR_THE_END = 8;
const PEEK_MS = 120;
// htmx gives an element of the same id its old attributes for a moment: the mark of the row in hand would go with them.
const AT_ONCE = "outerHTML settle:0ms";

let inHand = null; // id of the call in hand: rows come and go, the id stays
const picked = new Set();

const rowOf = (id) => (id ? byId(`call-${id}`) : null);
const current = () => rowOf(inHand);

// The row in hand.
function hold(row, { focus = true } = {}) {
  if (!row) return;
  for (const other of document.querySelectorAll("#rows > tr.cur")) mark(other, false);
  inHand = row.dataset.call;
  mark(row, true);
  if (focus) row.focus({ preventScroll: true });
  row.scrollIntoView({ block: "nearest" });
  peek();
  const all = rows();
  if (all.indexOf(row) >= all.length - NEAR_THE_END) {
    const more = document.querySelector("#rows > tr.more");
    if (more) window.htmx.trigger(more, "more");
  }
}

function mark(row, on) {
  row.classList.toggle("cur", on);
  row.tabIndex = on ? 0 : -1;
  if (on) row.setAttribute("aria-current", "true");
  else row.removeAttribute("aria-current");
}

function move(steps) {
  const all = rows();
  if (!all.length) return;
  const at = all.indexOf(current());
  hold(all[at < 0 ? 0 : Math.min(all.length - 1, Math.max(0, at + steps))]);
}

function open() {
  const link = current()?.querySelector(".say a");
  if (!link) return false;
  location.assign(link.href);
  return true;
}

let peekTimer = 0;
function peek() {
  clearTimeout(peekTimer);
  if (!wide.matches) return;
  const id = inHand;
  if (byId("peek").dataset.call === id) return;
  peekTimer = setTimeout(async () => {
    await window.htmx.ajax("GET", `/queue/peek/${id}`, { source: byId("peek"), target: "#peek", swap: "innerHTML" });
    byId("peek").dataset.call = id;
  }, PEEK_MS);
}

// The key sentence.
const audio = byId("key-sentence");
function play() {
  const row = current();
  if (!row) return false;
  const playing = !audio.paused && audio.dataset.call === row.dataset.call;
  audio.pause();
  if (playing) return true;
  if (!row.dataset.heard) { toast(t("这通没有可听的关键句，按 ↵ 打开。", "There is no key sentence to hear: open the call (↵).")); return true; }
  audio.dataset.call = row.dataset.call;
  audio.src = `/calls/${row.dataset.call}/audio#t=${row.dataset.heard}`;
  // A second play() breaks off the first; that is no fault of the recording.
  audio.play().catch((error) => { if (error.name !== "AbortError") unheard(); });
  return true;
}

function unheard() {
  toast(t("录音打不开：文件可能已移走。", "The recording cannot be played: its file may have gone."), "error");
}

function showPlaying() {
  for (const row of document.querySelectorAll("#rows > tr.playing")) row.classList.remove("playing");
  if (!audio.paused) rowOf(audio.dataset.call)?.classList.add("playing");
}
for (const name of ["play", "pause", "ended"]) audio.addEventListener(name, showPlaying);

// Another list in the place of this one.
let shown = 0;
async function show(address) {
  closeMenu();
  const mine = (shown += 1);
  const typing = document.activeElement === byId("search");
  picked.clear();
  await window.htmx.ajax("GET", address, { source: found(), target: "#found", swap: AT_ONCE });
  if (mine === shown) settle(typing);
}

// Which view is the list that is shown; in which order it is shown does not matter.
function markView() {
  const bare = (search) => { const fields = new URLSearchParams(search); fields.delete("order"); fields.sort(); return fields.toString(); };
  const here = bare(found().dataset.search);
  for (const view of document.querySelectorAll("#views a[data-list]")) {
    if (bare(new URL(view.href).search) === here) view.setAttribute("aria-current", "true");
    else view.removeAttribute("aria-current");
  }
}

// After a list has come: the same call in hand if it is there, else the first one.
function settle(typing) {
  markView();
  if (!typing && byId("search").value !== found().dataset.q) byId("search").value = found().dataset.q;
  const row = current() ?? rows()[0];
  if (row) hold(row, { focus: !typing });
  else if (!typing) byId("main").focus();
  if (!row) { inHand = null; byId("peek").replaceChildren(); delete byId("peek").dataset.call; }
  markHeld();
}

function addressWith(changes) {
  const fields = new URLSearchParams(found().dataset.search);
  for (const [name, value] of Object.entries(changes)) {
    if (value) fields.set(name, value);
    else fields.delete(name);
  }
  const search = fields.toString();
  return search ? `/queue?${search}` : "/queue";
}

// Search: as it is typed, but never in the middle of a character.
const search = byId("search");
let searchTimer = 0;
function searchSoon(event) {
  clearTimeout(searchTimer);
  if (!event.isComposing) searchTimer = setTimeout(searchNow, TYPING_MS);
}
function searchNow() {
  clearTimeout(searchTimer);
  const wanted = search.value.trim();
  return wanted === found().dataset.q ? undefined : show(addressWith({ q: wanted }));
}
search.addEventListener("input", searchSoon);
search.addEventListener("compositionend", searchSoon);
search.addEventListener("keydown", async (event) => {
  if (event.isComposing || !["Enter", "ArrowDown"].includes(event.key)) return;
  event.preventDefault();
  await searchNow();
  const row = current() ?? rows()[0];
  if (row) hold(row);
});

// Calls that others have in hand dim and name them; nothing else of the list moves.
let held = {};
async function askHeld() {
  if (document.hidden) return;
  try {
    const answer = await fetch("/queue/held", { headers: { Accept: "application/json", "HX-Request": "true" } });
    if (answer.ok) { held = await answer.json(); markHeld(); }
  } catch { /* the next time, or the notice of a lost connection */ }
}

function markHeld() {
  if (held === null) return;
  for (const row of rows()) {
    const name = held[row.dataset.call];
    const cell = row.querySelector(".who");
    if (name && !row.classList.contains("taken")) {
      row.dataset.who = cell.textContent.trim();
      cell.textContent = t(`${name}复核中`, `${name} has it`);
      row.classList.add("taken");
    } else if (!name && row.dataset.who !== undefined) {
      cell.textContent = row.dataset.who;
      delete row.dataset.who;
      row.classList.remove("taken");
    }
  }
}
setInterval(askHeld, HELD_MS);
setInterval(() => { if (!document.hidden && !byId("views").contains(document.activeElement)) askViews(); }, VIEWS_MS);
document.addEventListener("visibilitychange", askHeld);

// Selecting rows, for giving them out.
function pick() {
  const row = current();
  if (!row || !document.querySelector("[data-assign]")) return false;
  const on = !picked.has(row.dataset.call);
  if (on) picked.add(row.dataset.call);
  else picked.delete(row.dataset.call);
  row.setAttribute("aria-selected", String(on));
  move(1);
  return true;
}

const askViews = () => window.htmx.ajax("GET", `/queue/views?${found().dataset.search}`, { source: byId("views"), target: "#views", swap: AT_ONCE });

function assigned({ calls, name }) {
  for (const id of calls) {
    const row = rowOf(id);
    if (row && !row.classList.contains("taken")) row.querySelector(".who").textContent = name;
    row?.setAttribute("aria-selected", "false");
  }
  picked.clear();
  askViews();
}

const assign = () => document.querySelector("[data-assign]") && openAssign([...picked], found().dataset.search, assigned);
const next = () => byId("next")?.requestSubmit(); // there for those who judge
const press = (selector) => () => {
  const target = document.querySelector(selector);
  if (!target) return false;
  target.click();
  return true;
};

// Sent by script: where the session has ended, the password is asked for on top of the list.
document.addEventListener("submit", async (event) => {
  if (event.target.id !== "next") return;
  event.preventDefault();
  try {
    const answer = await post(event.target.getAttribute("action"), new URLSearchParams());
    const to = answer.headers.get("HX-Redirect");
    if (to) location.assign(to);
    else toast(t("没有取到下一通，请重试。", "No next call came: try again."), "error");
  } catch (error) { if (!(error instanceof Lost)) throw error; }
});

document.addEventListener("click", (event) => {
  const list = event.target.closest("a[data-list]");
  if (list && !event.ctrlKey && !event.metaKey && !event.shiftKey) { event.preventDefault(); show(list.getAttribute("href")); return; }
  const button = event.target.closest("button");
  if (button?.dataset.menu) openMenu(button, found().dataset.search);
  else if (button?.dataset.remove) removeView(button, found().dataset.search);
  else if (button?.matches("[data-save]")) openSave(found().dataset.search);
  else if (button?.matches("[data-assign]")) assign();
  else if (button?.matches("[data-open]")) open();
  else if (button?.matches("[data-play]")) play();
  else if (!event.target.closest("a")) hold(event.target.closest("#rows > tr[data-call]"));
});
document.addEventListener("dblclick", (event) => {
  if (event.target.closest("#rows > tr[data-call]")) open();
});
document.addEventListener("focusin", (event) => {
  const row = event.target.closest?.("#rows > tr[data-call]");
  if (row && row !== current()) hold(row, { focus: false });
});
document.addEventListener("earmark:list", (event) => show(event.detail));
document.addEventListener("htmx:afterSettle", (event) => { if (event.detail.target?.matches?.("tr.more")) markHeld(); });
wide.addEventListener("change", peek);

const menuKeys = { KeyD: "date", KeyS: "status", KeyR: "rule", KeyC: "class", KeyT: "team", KeyA: "agent", KeyW: "who" };
bind(document, {
  KeyJ: () => move(1),
  ArrowDown: () => move(1),
  KeyK: () => move(-1),
  ArrowUp: () => move(-1),
  Home: () => move(-Infinity),
  End: () => move(Infinity),
  Enter: open,
  NumpadEnter: open,
  Space: play,
  KeyN: next,
  KeyX: pick,
  KeyB: () => { assign(); },
  KeyV: () => openSave(found().dataset.search),
  KeyO: press("[data-order]"),
  Slash: () => { search.focus(); search.select(); },
  Backspace: () => { show("/queue"); },
  ...Object.fromEntries(Object.entries(menuKeys).map(([code, name]) => [code, () => openMenu(byId(`filter-${name}`), found().dataset.search)])),
  ...Object.fromEntries([1, 2, 3, 4, 5, 6, 7, 8, 9].map((digit) => [`Digit${digit}`, press(`a[data-view="${digit}"]`)])),
});

// The page says once that nothing was left; a reload should not say it again.
if (new URLSearchParams(location.search).has("nothing")) history.replaceState(history.state, "", addressWith({}));
hold(rows()[0], { focus: !inTextField() });
askHeld();
