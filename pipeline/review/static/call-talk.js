// The transcript: which word is being spoken, where that is on the screen, what is selected, correcting a turn.
// Characters are counted as in the database, by code points; the browser counts UTF-16 units.
import { t } from "./desk.js";

const SMALL_LAYOUT_MS = 60;

export class Talk {
  constructor(data, player, { onHear, onHit }) {
    this.turns = data.turns.map(([start, end, channel, role, words]) => ({ start, end, channel, role, words }));
    this.player = player;
    this.pane = document.getElementById("main");
    this.box = document.getElementById("nowbox");
    this.cache = new Map();
    this.live = -1;
    this.word = -2;
    this.at = 0; // the turn that "this turn" means
    this.following = true;
    this.pane.addEventListener("click", (event) => this.click(event, onHear, onHit));
    for (const name of ["wheel", "touchmove"]) this.pane.addEventListener(name, () => { this.following = false; }, { passive: true });
    this.pane.addEventListener("pointerdown", (event) => { if (event.target === this.pane) this.following = false; });
    new ResizeObserver(() => { this.word = -2; this.frame(); }).observe(this.pane);
  }

  row(index) { return document.getElementById(`turn-${index}`); }

  // The turn that is spoken at that time, or was last: the newest one that is still going on.
  turnAt(time) {
    let low = 0;
    let high = this.turns.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.turns[middle].start <= time) low = middle + 1; else high = middle;
    }
    for (let index = low - 1; index >= Math.max(0, low - 4); index -= 1) {
      if (this.turns[index].end > time && this.wordAt(index, time) >= 0) return index;
    }
    for (let index = low - 1; index >= Math.max(0, low - 4); index -= 1) if (this.turns[index].end > time) return index;
    return -1;
  }

  // Times and characters of a turn's words, worked out when they are first needed.
  wordsOf(index) {
    let found = this.cache.get(index);
    if (!found) {
      const { words, start } = this.turns[index];
      found = { from: [], to: [], chars: [0] };
      let time = Math.round(start * 100);
      for (let at = 0; at < words.length; at += 3) {
        time += words[at + 1];
        found.from.push(time / 100);
        time += words[at + 2];
        found.to.push(time / 100);
        found.chars.push(found.chars.at(-1) + words[at]);
      }
      this.cache.set(index, found);
    }
    return found;
  }

  wordAt(index, time) {
    const { from, to } = this.wordsOf(index);
    let low = 0;
    let high = from.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (from[middle] <= time) low = middle + 1; else high = middle;
    }
    // Through a short pause the word before stays marked.
    return low && to[low - 1] + 0.25 > time ? low - 1 : -1;
  }

  frame() {
    const time = this.player.time;
    const index = this.turnAt(time);
    if (index !== this.live) {
      this.row(this.live)?.classList.remove("live");
      this.live = index;
      this.word = -2;
      if (index >= 0) {
        this.row(index)?.classList.add("live");
        if (this.player.playing) {
          this.at = index;
          if (this.following) this.reveal(index);
        }
      }
    }
    const word = index < 0 ? -1 : this.wordAt(index, time);
    if (word === this.word) return;
    this.word = word;
    this.drawBox(index, word);
  }

  drawBox(index, word) {
    if (word < 0) { this.box.replaceChildren(); return; }
    const { chars } = this.wordsOf(index);
    const range = this.rangeOf(index, chars[word], chars[word + 1]);
    const home = this.pane.getBoundingClientRect();
    const boxes = range ? Array.from(range.getClientRects()).filter((one) => one.width > 1) : [];
    const lines = [];
    for (const one of boxes) {
      const last = lines.at(-1);
      if (last && Math.abs(last.top - one.top) < 8) last.right = one.right;
      else lines.push({ left: one.left, right: one.right, top: one.top, bottom: one.bottom });
    }
    this.box.replaceChildren(...lines.map((one) => {
      const element = document.createElement("i");
      element.style.left = `${one.left - home.left + this.pane.scrollLeft}px`;
      element.style.top = `${one.top - home.top + this.pane.scrollTop}px`;
      element.style.width = `${one.right - one.left}px`;
      element.style.height = `${one.bottom - one.top}px`;
      return element;
    }));
  }

  text(index) { return this.row(index)?.querySelector(".t") ?? null; }

  rangeOf(index, from, to) {
    const text = this.text(index);
    if (!text) return null;
    const whole = text.textContent;
    const range = document.createRange();
    const [first, start] = nodeAt(text, units(whole, from), false);
    const [last, end] = nodeAt(text, units(whole, to), true);
    if (!first || !last) return null;
    range.setStart(first, start);
    range.setEnd(last, end);
    return range;
  }

  reveal(index, { always = false } = {}) {
    const row = this.row(index);
    if (!row) return;
    const home = this.pane.getBoundingClientRect();
    const box = row.getBoundingClientRect();
    if (!always && box.top >= home.top + 24 && box.bottom <= home.bottom - 48) return;
    const top = this.pane.scrollTop + box.top - home.top - this.pane.clientHeight / 3;
    this.pane.scrollTo({ top });
    // Rows out of sight have a guessed height: once they are drawn, the place may be another.
    setTimeout(() => {
      const now = row.getBoundingClientRect();
      if (now.top < home.top || now.bottom > home.bottom) row.scrollIntoView({ block: "center" });
      this.word = -2;
      this.frame();
    }, SMALL_LAYOUT_MS);
  }

  mark(indices) {
    for (const row of this.pane.querySelectorAll(".turn.on")) row.classList.remove("on");
    for (const index of indices) this.row(index)?.classList.add("on");
    if (indices.length) this.at = indices[0];
  }

  // Where the next turn begins; null where nothing was said.
  step(by) {
    if (!this.turns.length) return null;
    this.at = Math.min(Math.max(0, this.at + by), this.turns.length - 1);
    this.mark([this.at]);
    this.reveal(this.at);
    return this.turns[this.at].start;
  }

  click(event, onHear, onHit) {
    if (event.target.closest("form, button")) return;
    const selection = getSelection();
    if (selection && !selection.isCollapsed) return;
    const row = event.target.closest(".turn");
    const numbered = event.target.closest("[data-n]");
    if (numbered) onHit(Number(numbered.dataset.n.split(" ")[0]), row ? Number(row.dataset.turn) : -1);
    if (!row) return;
    const index = Number(row.dataset.turn);
    this.at = index;
    this.following = true;
    if (!numbered) this.mark([index]);
    const offset = event.target.closest(".t") ? this.pointed(index, event) : -1;
    const { from, chars } = this.wordsOf(index);
    const word = offset < 0 ? -1 : chars.findIndex((start, at) => start <= offset && offset < (chars[at + 1] ?? 0));
    onHear(word >= 0 && word < from.length ? from[word] : this.turns[index].start);
  }

  // The character under the pointer, -1 where there is none.
  pointed(index, { clientX, clientY }) {
    const text = this.text(index);
    const caret = document.caretPositionFromPoint
      ? document.caretPositionFromPoint(clientX, clientY)
      : document.caretRangeFromPoint?.(clientX, clientY);
    const node = caret?.offsetNode ?? caret?.startContainer;
    if (!node || !text.contains(node)) return -1;
    return this.points(text, node, caret.offset ?? caret.startOffset);
  }

  points(text, node, offset) {
    const before = document.createRange();
    before.setStart(text, 0);
    before.setEnd(node, offset);
    return Array.from(before.toString()).length;
  }

  // What is selected, as a place in one turn; without a selection, the whole of the current turn.
  selected() {
    const selection = getSelection();
    if (selection?.rangeCount && !selection.isCollapsed) {
      const range = selection.getRangeAt(0);
      const text = (range.startContainer.parentElement ?? range.startContainer).closest?.(".turn .t")
        ?? range.startContainer.closest?.(".turn .t");
      if (text) {
        const turn = Number(text.closest(".turn").dataset.turn);
        const characters = Array.from(text.textContent);
        const start = this.points(text, range.startContainer, range.startOffset);
        const end = text.contains(range.endContainer) ? this.points(text, range.endContainer, range.endOffset) : characters.length;
        const quote = characters.slice(start, end).join("");
        if (quote.trim()) return { turn, char_start: start, char_end: end, quote };
      }
    }
    const text = this.text(this.at);
    return text ? { turn: this.at, quote: text.textContent } : null;
  }

  replace(row) {
    const old = this.row(row.dataset.turn);
    if (!old || old.querySelector("form")) return;
    for (const name of ["on", "live"]) row.classList.toggle(name, old.classList.contains(name));
    old.replaceWith(row);
    this.word = -2;
  }

  // Turns the row into a field; `save` gets what was changed. Nothing is sent where nothing was.
  edit(index, save) {
    const row = this.row(index);
    if (!row || row.querySelector("form")) return;
    const say = row.querySelector(".say");
    const original = this.text(index).textContent;
    const shown = say.querySelector(".new")?.childNodes[1]?.textContent.trim() ?? readable(original);
    const role = ["agent", "customer"].find((one) => row.classList.contains(one === "agent" ? "ag" : "cu")) ?? "unknown";
    const form = document.createElement("form");
    form.className = "fixer";
    const field = document.createElement("textarea");
    field.value = shown;
    field.maxLength = 2000;
    field.rows = Math.max(1, Math.ceil(shown.length / 34));
    field.setAttribute("aria-label", t("这句话的文字", "Text of the turn"));
    const choice = document.createElement("select");
    choice.setAttribute("aria-label", t("谁说的", "Who speaks"));
    for (const [value, words] of [["agent", t("坐席", "Agent")], ["customer", t("顾客", "Caller")], ["unknown", t("未知", "Unknown")]]) {
      choice.add(new Option(words, value, false, value === role));
    }
    const hint = document.createElement("span");
    hint.className = "dim";
    hint.textContent = t("↵ 保存　esc 取消", "↵ saves, esc leaves it");
    form.append(field, choice, hint);
    const close = () => { form.remove(); say.hidden = false; this.pane.focus({ preventScroll: true }); };
    const done = () => {
      const text = field.value.trim();
      const changes = {};
      if (text && text !== shown) changes.text = text;
      if (choice.value !== role) { changes.role = choice.value; changes.text ??= say.querySelector(".new") ? shown : undefined; }
      else if (changes.text && choice.value !== row.dataset.role) changes.role = choice.value;
      close();
      if (changes.text || changes.role) save({ turn: index, quote: original, ...changes });
    };
    form.addEventListener("keydown", (event) => {
      if (event.isComposing || event.keyCode === 229) return;
      if (event.key === "Enter" && !event.shiftKey) { event.preventDefault(); done(); }
      if (event.key === "Escape") { event.preventDefault(); event.stopPropagation(); close(); }
    });
    form.addEventListener("submit", (event) => { event.preventDefault(); done(); });
    say.hidden = true;
    this.box.replaceChildren();
    say.after(form);
    field.focus();
    field.setSelectionRange(field.value.length, field.value.length);
  }
}

// Masked characters as the placeholders that the page draws over them.
export function readable(text) {
  const labels = new Map(Array.from(document.querySelectorAll(".pd"), (one) => [one.textContent[0], one.dataset.as]));
  return text.replace(/([\ue000-\uf8ff])\1*/g, (run, character) => labels.get(character) ?? "▮");
}

// Code points to UTF-16 units.
function units(text, points) {
  if (!/[\ud800-\udfff]/.test(text)) return points;
  return Array.from(text).slice(0, points).join("").length;
}

function nodeAt(root, offset, end) {
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  let left = offset;
  let node = walker.nextNode();
  while (node) {
    const length = node.data.length;
    if (left < length || (end && left <= length)) return [node, left];
    left -= length;
    node = walker.nextNode();
  }
  return [null, 0];
}
