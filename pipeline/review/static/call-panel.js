// The side panel: which tab and which row has the keys, what waits to be sent, and putting the server's panel in place
// without losing focus, scroll or a half-written comment.
import { t } from "./desk.js";

const TABS = ["hits", "card", "clear", "log"];

export class Panel {
  constructor({ onHit }) {
    this.root = document.getElementById("panel");
    this.onHit = onHit;
    this.tab = "hits";
    this.rows = { hits: null, card: null, clear: null, log: null };
    this.piece = 0;
    this.rejecting = false;
    this.read();
    const first = this.data.hits.find((hit) => !hit.verdict && hit.judgeable) ?? this.data.hits[0];
    this.rows.hits = first?.rule ?? null;
    this.root.addEventListener("click", (event) => this.click(event));
    this.root.addEventListener("submit", (event) => event.preventDefault());
  }

  read() { this.data = JSON.parse(document.getElementById("panel-data").textContent); }
  list(tab = this.tab) { return Array.from(this.root.querySelectorAll(`#${tab} [data-row]`)); }
  row(tab = this.tab) { return this.list(tab).find((row) => row.dataset.row === this.rows[tab]) ?? null; }
  hit() { return this.data.hits.find((hit) => hit.rule === this.rows.hits) ?? null; }
  has(tab) { return Boolean(document.getElementById(`tab-${tab}`)); }
  get writable() { return !this.data.holder; }

  // Puts the server's panel in place. Returns the rows of turns that came with it.
  put(html) {
    const arrived = document.createElement("template");
    arrived.innerHTML = html;
    const turns = Array.from(arrived.content.querySelectorAll("template[data-turn]"), (one) => {
      one.remove();
      return one.content.firstElementChild;
    });
    const comment = this.root.querySelector("#comment");
    const kept = comment && { value: comment.value, focused: comment === document.activeElement, at: comment.selectionStart };
    const focused = this.root.contains(document.activeElement) && !kept?.focused;
    const scrolls = new Map(Array.from(this.root.querySelectorAll(".scroll[id]"), (one) => [one.id, one.scrollTop]));
    const pieces = this.root.querySelector(".hit.open .pieces")?.scrollTop ?? 0;
    this.root.replaceChildren(arrived.content);
    this.read();
    this.show({ focus: focused, scroll: false });
    for (const [id, top] of scrolls) { const list = document.getElementById(id); if (list) list.scrollTop = top; }
    const open = this.root.querySelector(".hit.open .pieces");
    if (open) open.scrollTop = pieces;
    const field = this.root.querySelector("#comment");
    if (field && kept) {
      field.value = kept.value;
      if (kept.focused) { field.focus({ preventScroll: true }); field.setSelectionRange(kept.at, kept.at); }
    }
    return turns.filter(Boolean);
  }

  show({ focus = false, scroll = true } = {}) {
    if (!this.has(this.tab)) this.tab = "hits";
    this.root.dataset.tab = this.tab;
    for (const tab of TABS) {
      document.getElementById(`tab-${tab}`)?.setAttribute("aria-selected", String(tab === this.tab));
      const rows = this.list(tab);
      if (!rows.some((row) => row.dataset.row === this.rows[tab])) this.rows[tab] = rows[0]?.dataset.row ?? null;
      for (const row of rows) {
        const current = row.dataset.row === this.rows[tab];
        row.tabIndex = current && tab === this.tab ? 0 : -1;
        row.classList.toggle(tab === "hits" ? "open" : "cur", current);
        row.toggleAttribute("aria-current", current && tab === this.tab);
        if (current && tab === this.tab) row.setAttribute("aria-current", "true");
      }
    }
    const row = this.row();
    this.root.classList.toggle("rejecting", this.rejecting);
    for (const piece of this.row("hits")?.querySelectorAll("[data-piece]") ?? []) {
      piece.classList.toggle("cur", Number(piece.dataset.piece) === this.piece);
      if (piece.classList.contains("cur") && scroll) piece.scrollIntoView({ block: "nearest" });
    }
    if (row && scroll) row.scrollIntoView({ block: "nearest" });
    if (row && focus) row.focus({ preventScroll: true });
  }

  open(tab) {
    if (!this.has(tab)) return;
    this.tab = tab;
    this.rejecting = false;
    this.show({ focus: true });
  }

  move(by) {
    const rows = this.list();
    const at = rows.findIndex((row) => row.dataset.row === this.rows[this.tab]);
    const next = rows[Math.min(Math.max(0, at + by), rows.length - 1)];
    if (next) this.choose(next.dataset.row);
  }

  choose(id, { piece = 0, focus = true, tell = true } = {}) {
    this.rows[this.tab] = id;
    this.rejecting = false;
    if (this.tab === "hits") this.piece = piece;
    this.show({ focus });
    if (this.tab === "hits" && tell) this.onHit(this.hit(), this.piece);
  }

  chooseHit(n, piece = 0) {
    const hit = this.data.hits.find((one) => one.n === n);
    if (!hit) return;
    this.tab = "hits";
    this.choose(hit.rule, { piece });
  }

  movePiece(by) {
    const hit = this.hit();
    if (!hit?.pieces.length) return null;
    this.piece = Math.min(Math.max(0, this.piece + by), hit.pieces.length - 1);
    this.show({ focus: true });
    this.onHit(hit, this.piece);
    return hit.pieces[this.piece];
  }

  // To the next hit that nobody has judged, from here on and then from the start; `judged` has what waits as well.
  nextOpen(judged) {
    const hits = this.data.hits;
    const at = hits.findIndex((hit) => hit.rule === this.rows.hits);
    const next = [...hits.slice(at + 1), ...hits.slice(0, at)].find((hit) => hit.judgeable && !hit.verdict && !judged.has(hit.rule));
    if (next) { this.choose(next.rule, { tell: false }); return next; }
    this.rejecting = false;
    this.show({ focus: true });
    return null;
  }

  reject(on) {
    this.rejecting = on;
    this.show({ focus: true });
  }

  // Marks what waits to be sent, in its row and below the panel.
  pending(entries) {
    for (const row of this.root.querySelectorAll(".sending")) row.classList.remove("sending");
    for (const { shown, refused } of entries) {
      const row = shown.tab && this.list(shown.tab).find((one) => one.dataset.row === shown.row);
      if (!row) continue;
      row.classList.add("sending");
      if (shown.done && !refused) row.classList.add("done");
      const status = row.querySelector(".st");
      if (status) status.textContent = `${shown.words}${t("　", " ")}${refused ? t("未保存", "not stored") : t("待发送", "to be sent")}`;
      for (const option of shown.answer ? row.querySelectorAll("[data-answer]") : []) {
        option.classList.toggle("sel", option.dataset.answer === shown.answer);
      }
    }
    const box = document.getElementById("pending");
    const waiting = entries.filter((entry) => !entry.refused && (entry.tries > 1 || Date.now() - entry.at > 1500));
    const refused = entries.filter((entry) => entry.refused);
    box.hidden = !waiting.length && !refused.length;
    box.replaceChildren(
      ...(waiting.length ? [line(t(`${waiting.length} 条判定待发送，连上后自动发送`, `${waiting.length} to be sent when the connection is back`))] : []),
      ...refused.map((entry) => {
        const one = line(`${t("未保存：", "Not stored: ")}${entry.shown.words ?? entry.body.kind}。${entry.refused}`);
        one.classList.add("error");
        one.append(button(t("重试", "again"), "again", entry.key), button(t("丢弃", "drop"), "drop", entry.key));
        return one;
      }),
    );
  }

  click(event) {
    const tab = event.target.closest("[data-tab]");
    if (tab && tab !== this.root) { this.open(tab.dataset.tab); return; }
    const row = event.target.closest("[data-row]");
    if (!row) return;
    const pane = row.closest(".pane").id;
    this.tab = pane;
    const piece = event.target.closest("[data-piece]");
    if (row.dataset.row !== this.rows[pane] || piece || pane === "hits") {
      const keep = row.dataset.row === this.rows[pane] ? this.piece : 0;
      const rejecting = this.rejecting && row.dataset.row === this.rows[pane];
      this.choose(row.dataset.row, { piece: piece ? Number(piece.dataset.piece) : keep, focus: !event.target.closest("button") });
      this.rejecting = rejecting;
    } else this.show();
  }
}

function line(words) {
  const made = document.createElement("p");
  made.textContent = words;
  return made;
}

function button(words, what, key) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = "btn quiet";
  made.textContent = words;
  made.dataset.outbox = what;
  made.dataset.key = key;
  return made;
}
