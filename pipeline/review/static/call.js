// The page of a call: ties sound, wave, transcript, panel and outbox together, and says what each key does.
import { bind } from "./keys.js";
import { Lost, csrf, help, post, t, toast } from "./desk.js";
import { Outbox, pageOf } from "./outbox.js";
import { Player } from "./player.js";
import { Panel } from "./call-panel.js";
import { Talk, readable } from "./call-talk.js";
import { Wave, clock } from "./call-wave.js";
import { Clear } from "./call-clear.js";
import { chooseExample, chooseMissed } from "./call-dialogs.js";
import { tellUnsent } from "./unsent.js";

const POLL_MS = 60_000;
const HOLD_MS = 1_000;
const FINISH_MS = 4_000;
const byId = (id) => document.getElementById(id);
const data = JSON.parse(byId("call-data").textContent);
const desk = byId("desk").dataset;
const judging = desk.judging === "yes";
// What the outbox knows this page by: what is said in a calibration session is sent there.
const here = desk.session ? `calibrations/${desk.session}/calls/${data.id}` : data.id;
const WORDS = {
  confirmed: t("已确认", "confirmed"), rejected: t("驳回", "rejected"), unsure: t("存疑", "unsure"),
  absent: t("已确认未命中", "confirmed clear"), missed: t("漏报", "missed"),
};
const ANSWERS = {
  "yes-no": { y: "yes", x: "no", a: "n_a" },
  graded: { y: "excellent", u: "fair", x: "needs_improvement", a: "n_a" },
};

const order = channelOrder();
const player = new Player(byId("sound"), data);
const outbox = new Outbox(desk.account);
const panel = new Panel({ onHit: showHit });
const wave = new Wave(data, player, { select: (n, piece) => { panel.chooseHit(n, piece); hearCurrent(); }, order });
const talk = new Talk(data, player, {
  onHear: (time) => player.hear(time),
  onHit: (n, turn) => panel.chooseHit(n, Math.max(0, pieceIn(n, turn))),
});

// Agents first, as on the page of every call; mono has one wave.
function channelOrder() {
  const channels = data.channels.map((role, index) => ({ role, index }));
  channels.sort((a, b) => (b.role === "agent") - (a.role === "agent"));
  const names = { agent: t("坐席", "Agent"), customer: t("顾客", "Caller"), unknown: t("声道", "Ch.") };
  for (const row of [0, 1]) {
    const label = byId(`label-${row}`);
    const channel = channels[row];
    label.hidden = !channel;
    if (channel) label.textContent = names[channel.role] + (channel.role === "unknown" && channels.length > 1 ? ` ${channel.index + 1}` : "");
  }
  document.querySelector(".wave").classList.toggle("mono", channels.length < 2);
  return channels.map(({ index }) => index);
}

function pieceIn(n, turn) {
  return panel.data.hits.find((hit) => hit.n === n)?.pieces.findIndex((piece) => piece.turn === turn) ?? 0;
}

// Sound.
const playWords = byId("play")?.querySelector("span");
function showState() {
  if (playWords) playWords.textContent = player.playing ? t("暂停", "Pause") : t("播放", "Play");
  if (byId("speed")) byId("speed").textContent = `${player.settings.speed}×`;
  document.querySelector('[data-act="skip"]')?.setAttribute("aria-pressed", String(player.settings.skip));
  if (player.broken && !wave.refused) byId("wave-state").textContent = t("录音放不出来。", "The recording cannot be played.");
}

function showTime() {
  const time = player.time;
  const shown = `${clock(time)}.${Math.floor((time % 1) * 10)}`;
  const now = byId("now");
  if (now && now.textContent !== shown) now.textContent = shown;
  if (player.playing) wave.follow(time);
  wave.move();
  talk.frame();
}

function hearCurrent() {
  if (panel.tab === "card") {
    const at = panel.row()?.querySelector("[data-hear]");
    if (at) { hear(Number(at.dataset.hear)); return true; }
    return false;
  }
  if (panel.tab !== "hits") return false;
  const piece = panel.hit()?.pieces[panel.piece];
  if (!piece) { toast(t("这条没有位置可听。", "There is no place to hear.")); return true; }
  hear(piece.start);
  return true;
}

function toTurn(by) {
  const start = talk.step(by);
  if (start !== null) player.seek(start);
}

function hear(time) {
  talk.following = true;
  wave.reveal(time);
  const turn = talk.turnAt(time + 0.05);
  if (turn >= 0) talk.reveal(turn);
  player.hear(time);
}

function showHit(hit, index) {
  wave.setCurrent(hit?.n ?? 0, index);
  const piece = hit?.pieces[index];
  talk.mark(piece && piece.turn !== null ? [piece.turn] : []);
  // While something plays, the page stays where the listener is.
  if (!piece || (player.playing && talk.following)) return;
  wave.reveal(piece.start, Math.min(piece.end, piece.start + 5));
  if (piece.turn !== null) talk.reveal(piece.turn);
}

// Judging.
function mayJudge() {
  if (judging && !panel.writable) {
    toast(t(`${panel.data.holder} 正在复核；按 t 接过来再判。`, `${panel.data.holder} has this call: press t to take it over.`), "error");
  }
  return judging && panel.writable;
}

function send(body, shown) { return mayJudge() ? outbox.add(here, body, shown) : null; }

function waitingRules() {
  return new Set(outbox.of(here).filter((one) => one.body.kind === "verdict" && !one.refused).map((one) => one.body.rule_id));
}

function verdict(what, fields = {}) {
  const hit = panel.hit();
  if (!hit) return;
  if (!hit.judgeable) { toast(t("规则出错，没有可判的。", "The rule failed: there is nothing to judge.")); return; }
  const words = WORDS[what] + (fields.reason ? `：${fields.words}` : "");
  delete fields.words;
  const sent = send({ kind: "verdict", rule_id: hit.rule, verdict: what, ...fields }, { tab: "hits", row: hit.rule, words, done: true });
  if (!sent) return;
  const next = panel.nextOpen(waitingRules());
  showHit(next ?? panel.hit(), panel.piece);
}

function pieceVerdict(what) {
  const hit = panel.hit();
  const piece = hit?.pieces[panel.piece];
  if (panel.tab !== "hits" || !piece || !hit.judgeable) return;
  const place = { turn: piece.turn ?? undefined, char_start: piece.from ?? undefined, start_s: piece.start };
  const words = t(`第 ${panel.piece + 1} 处${WORDS[what]}`, `piece ${panel.piece + 1} ${WORDS[what]}`);
  if (!send({ kind: "verdict", rule_id: hit.rule, verdict: what, ...place }, { tab: "hits", row: hit.rule, words })) return;
  if (panel.piece + 1 < hit.pieces.length) panel.movePiece(1);
}

function clearVerdict(what) {
  const row = panel.row("clear");
  if (!row) return;
  if (what === "absent" && row.dataset.applicable !== "yes") { toast(t("这条规则不适用于本通。", "The rule does not apply to this call.")); return; }
  const rule = row.dataset.row;
  if (send({ kind: "verdict", rule_id: rule, verdict: what }, { tab: "clear", row: rule, words: WORDS[what] })) panel.move(1);
}

function rate(key) {
  const row = panel.row("card");
  const answer = row && ANSWERS[row.dataset.scale]?.[key];
  if (answer) rateAs(row, answer);
}

function rateAs(row, answer) {
  const item = row.dataset.row;
  const words = row.querySelector(`[data-answer="${answer}"]`).firstChild.textContent;
  const body = { kind: "score", card: panel.data.card, item, value: answer };
  if (send(body, { tab: "card", row: item, words, answer })) { panel.tab = "card"; panel.move(1); }
}

// What y, x, u and a mean depends on where the keys are.
function judge(key) {
  if (panel.tab === "hits") {
    if (key === "y") verdict("confirmed");
    if (key === "u") verdict("unsure");
    if (key === "x" && panel.hit()?.judgeable) panel.reject(true);
  } else if (panel.tab === "card") rate(key);
  else if (panel.tab === "clear" && key === "y") clearVerdict("absent");
}

function digit(number) {
  if (!panel.rejecting) { panel.open(["hits", "card", "clear", "log"][number - 1] ?? "hits"); return; }
  const button = panel.row("hits")?.querySelectorAll("[data-reason]")[number - 1];
  if (button) verdict("rejected", { reason: button.dataset.reason, words: button.firstChild.textContent.trim() });
}

async function missed() {
  if (!mayJudge()) return;
  const selection = getSelection();
  if (panel.tab === "clear" && (!selection || selection.isCollapsed)) { clearVerdict("missed"); return; }
  const place = talk.selected();
  if (!place) return;
  const rule = await chooseMissed(readable(place.quote));
  if (rule) send({ kind: "verdict", rule_id: rule.id, verdict: "missed", ...place }, { tab: "clear", row: rule.id, words: t(`漏报 ${rule.title}`, `missed ${rule.title}`) });
  getSelection()?.removeAllRanges();
}

function edit() {
  if (desk.session) return;
  if (!mayJudge()) return;
  talk.edit(talk.at, (changes) => send({ kind: "correction", ...changes }, { words: t("改转写", "correction") }));
}

async function example() {
  if (desk.session) return;
  if (!mayJudge()) return;
  const selection = getSelection();
  const hit = panel.tab === "hits" && (!selection || selection.isCollapsed) ? panel.hit() : null;
  const piece = hit?.pieces[panel.piece];
  const place = piece && piece.turn !== null && piece.from !== null
    ? { turn: piece.turn, char_start: piece.from, char_end: piece.to } : talk.selected();
  if (!place) return;
  const quote = place.quote ?? talk.text(place.turn)?.textContent ?? "";
  const value = await chooseExample(readable(quote));
  if (!value) return;
  const rule = hit ? { rule_id: hit.rule } : {};
  if (send({ kind: "example", value, ...rule, ...place }, { words: t("范例", "example") })) toast(t("已设为范例", "marked as example"));
}

function comment() {
  if (!judging) return;
  panel.open("hits");
  byId("comment").focus();
}

function undo() {
  const unsent = outbox.of(here).filter((one) => !one.refused && one.body.kind !== "undo");
  const undoing = new Set(outbox.of(here).map((one) => one.body.undoes_key));
  const last = unsent.filter((one) => !undoing.has(one.key)).at(-1);
  if (last && !last.tries) { outbox.drop(last.key); toast(t("已撤回，没有发送", "taken back before it was sent")); return; }
  const body = last ? { kind: "undo", undoes_key: last.key } : panel.data.last && !undoing.size ? { kind: "undo", undoes: panel.data.last } : null;
  if (!body) { toast(t("没有可撤销的判定", "You have nothing to take back")); return; }
  if (send(body, { words: t("撤销", "undo") })) toast(t("已撤销上一条", "taken back"));
}

async function takeOver() {
  if (!panel.data.holder) return;
  try { const answer = await post(`/calls/${data.id}/take`, {}); if (answer.ok) put(await answer.text()); } catch (error) { if (!(error instanceof Lost)) throw error; }
}

const clear = new Clear(data.id);

async function nextCall() {
  if (desk.next) { location.assign(desk.next); return; }
  try {
    const leaving = new URLSearchParams({ leaving: data.id });
    let answer = await post(`/queue/next?${desk.query}`, leaving);
    // A query that the queue does not know: the next call of the whole queue then.
    if (answer.status === 422) answer = await post("/queue/next", leaving);
    const to = answer.headers.get("HX-Redirect");
    if (to) location.assign(to);
    else toast(t("没有取到下一通，请重试。", "No next call came: try again."), "error");
  } catch (error) { if (!(error instanceof Lost)) throw error; }
}

let asked_once = false;

async function finish() {
  const left_open = panel.data.hits.filter((hit) => hit.judgeable && !hit.verdict && !outbox.of(here).some((one) => one.body?.rule_id === hit.rule));
  if (left_open.length && !asked_once) {
    asked_once = true;
    panel.choose(left_open[0].rule);
    toast(t(`还有 ${left_open.length} 处未判；再按一次 ⇧n 仍然完成`, `${left_open.length} not judged yet: ⇧n once more finishes all the same`));
    return;
  }
  const sent = send({ kind: "finished" }, { words: t("完成", "finished") });
  if (!sent) return;
  const until = Date.now() + FINISH_MS;
  while (outbox.waiting().some((one) => one.key === sent.key) && Date.now() < until) await new Promise((go) => setTimeout(go, 50));
  const left = outbox.all().find((one) => one.key === sent.key);
  if (!left?.refused) await nextCall();
}

// What the server says replaces what was shown meanwhile.
function put(html) {
  for (const row of panel.put(html)) talk.replace(row);
  clear.draw();
  wave.setHits(panel.data.hits);
  wave.setCurrent(panel.hit()?.n ?? 0, panel.piece);
  panel.pending(outbox.of(here));
}

async function poll() {
  if (document.hidden || outbox.waiting().length) return;
  const asked = new URLSearchParams({ newest: panel.data.newest, holder: panel.data.holder ?? "", account: desk.account });
  try {
    const answer = await fetch(`${pageOf(here)}/panel?${asked}`, { headers: { "HX-Request": "true" } });
    if (answer.status === 200) put(await answer.text());
  } catch { /* asked again in a minute */ }
}

const ACTS = {
  play: () => player.toggle(), back3: () => player.seek(player.time - 3), forward3: () => player.seek(player.time + 3),
  again: hearCurrent, slower: () => player.faster(-1), faster: () => player.faster(1), skip: () => player.toggleSkip(),
  zoomout: () => wave.zoom(1), zoomin: () => wave.zoom(-1), next: nextCall, finish,
  confirm: () => judge("y"), reject: () => judge("x"), unsure: () => judge("u"), example, undo, take: takeOver,
  reason: (button) => verdict("rejected", { reason: button.dataset.reason, words: button.firstChild.textContent.trim() }),
  absent: () => clearVerdict("absent"), missed: () => clearVerdict("missed"), help,
  unmask: () => clear.toggle(),
};

document.addEventListener("click", (event) => {
  const act = event.target.closest("[data-act]");
  if (act) { ACTS[act.dataset.act]?.(act); if (act.closest(".transport")) act.blur(); return; }
  const held = event.target.closest("[data-outbox]");
  if (held) { if (held.dataset.outbox === "drop") outbox.drop(held.dataset.key); else outbox.again(held.dataset.key); return; }
  const at = event.target.closest("[data-hear]");
  if (at) { hear(Number(at.dataset.hear)); return; }
  const option = event.target.closest("[data-answer]");
  if (option) rateAs(option.closest("[data-row]"), option.dataset.answer);
});

document.addEventListener("submit", (event) => {
  if (event.target.id !== "comment-form") return;
  event.preventDefault();
  const field = byId("comment");
  const text = field.value.trim();
  const rule = panel.hit() ? { rule_id: panel.hit().rule } : {};
  if (!text || !send({ kind: "comment", text, ...rule }, { words: t("备注", "comment") })) return;
  field.value = "";
  panel.show({ focus: true });
  toast(t("已加备注", "comment added"));
});

function escape() {
  const active = document.activeElement;
  if (active?.closest?.("#comment-form")) { panel.show({ focus: true }); return; }
  if (panel.rejecting) { panel.reject(false); return; }
  const selection = getSelection();
  if (selection && !selection.isCollapsed) { selection.removeAllRanges(); return; }
  location.assign(byId("back").href);
}

const inCard = (key) => () => panel.tab === "card" && judging ? rate(key) : false;
bind(document, {
  Space: ACTS.play, ArrowLeft: ACTS.back3, ArrowRight: ACTS.forward3,
  Enter: () => (hearCurrent() ? undefined : false), NumpadEnter: () => (hearCurrent() ? undefined : false),
  BracketLeft: ACTS.slower, BracketRight: ACTS.faster, KeyS: ACTS.skip,
  Minus: ACTS.zoomout, Equal: ACTS.zoomin, "Shift+Equal": ACTS.zoomin, NumpadSubtract: ACTS.zoomout, NumpadAdd: ACTS.zoomin,
  KeyJ: () => panel.move(1), KeyK: () => panel.move(-1), ArrowDown: () => panel.move(1), ArrowUp: () => panel.move(-1),
  "Shift+KeyJ": () => toTurn(1), "Shift+KeyK": () => toTurn(-1),
  Comma: () => { panel.movePiece(-1); }, Period: () => { panel.movePiece(1); },
  ...Object.fromEntries([1, 2, 3, 4, 5].flatMap((one) => [[`Digit${one}`, () => digit(one)], [`Numpad${one}`, () => digit(one)]])),
  Escape: escape,
});
if (judging) {
  bind(document, {
    KeyY: () => judge("y"), KeyX: () => judge("x"), KeyU: () => judge("u"), KeyA: inCard("a"),
    "Shift+KeyY": () => pieceVerdict("confirmed"), "Shift+KeyX": () => pieceVerdict("rejected"),
    KeyM: missed, KeyE: edit, KeyC: comment, KeyH: example, KeyZ: undo, KeyT: takeOver,
    KeyN: nextCall, "Shift+KeyN": finish,
  });
  // Who closes the page gives the call back; where this is lost, it is free again after ten minutes.
  addEventListener("pagehide", () => {
    if (!desk.session && !panel.data.holder) navigator.sendBeacon(`/calls/${data.id}/leave`, new URLSearchParams({ csrf: csrf() }));
  });
}

player.addEventListener("frame", showTime);
player.addEventListener("state", showState);
outbox.resolve = (key) => panel.data.own[key];
outbox.addEventListener("acknowledged", ({ detail: { entry, html } }) => {
  if (entry.call === here) put(html);
  document.dispatchEvent(new CustomEvent("earmark:judged"));
});
outbox.addEventListener("changed", () => panel.pending(outbox.of(here)));
if (judging) tellUnsent(outbox, here);

wave.setHits(panel.data.hits);
panel.show({ focus: true });
const asked = new URLSearchParams(location.hash.slice(1));
const wanted = panel.data.hits.find((hit) => hit.rule === asked.get("rule"));
if (wanted) panel.choose(wanted.rule);
else showHit(panel.hit(), panel.piece);
if (asked.has("t")) { const at = Number(asked.get("t")) || 0; wave.reveal(at); player.seek(at); const turn = talk.turnAt(at); if (turn >= 0) talk.reveal(turn); }
showState();
showTime();
panel.pending(outbox.of(here));
outbox.hurry();
if (desk.audible === "yes") wave.load();
setInterval(poll, POLL_MS);
// A page that was reloaded gave the call back as it went, and that may arrive after this one has taken it.
setTimeout(poll, HOLD_MS);
