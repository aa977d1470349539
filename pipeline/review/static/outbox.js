// Judgements on their way. Each is kept in the browser until the server has it: a lost connection, a closed page or
// an ended session loses none. They are sent one after another, in order, each under the key it was made with, so that
// one sent twice is stored once.
//
// Fires "changed" when anything is added or leaves, "acknowledged" with { entry, html }.
import { Lost, post, t } from "./desk.js";

const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 30000;
const ANSWER_MS = 20000;
const FAILURES = 6; // of the server itself: an entry that breaks it must not keep the others waiting for good

// The address of a call's page. `call` is its id, or the path of its page in a calibration session.
export function pageOf(call) { return call.includes("/") ? `/${call}` : `/calls/${call}`; }

export class Outbox extends EventTarget {
  constructor(account) {
    super();
    this.name = `earmark.outbox.${account}`;
    this.memory = null; // where the browser stores nothing
    this.wait = FIRST_WAIT_MS;
    this.timer = 0;
    this.sending = false;
    this.resolve = () => null; // key of an own entry → its id on the server
    for (const event of ["online", "focus"]) window.addEventListener(event, () => this.hurry());
    document.addEventListener("earmark:back", () => this.hurry());
    window.addEventListener("storage", (event) => { if (event.key === this.name) this.tell(); });
    window.addEventListener("beforeunload", (event) => { if (this.memory?.length) event.preventDefault(); });
  }

  all() {
    if (this.memory) return this.memory;
    try { return JSON.parse(localStorage.getItem(this.name) || "[]"); } catch { return []; }
  }

  of(call) { return this.all().filter((entry) => entry.call === call); }
  waiting() { return this.all().filter((entry) => !entry.refused); }

  store(entries) {
    try {
      if (this.memory) this.memory = entries;
      else localStorage.setItem(this.name, JSON.stringify(entries));
    } catch { this.memory = entries; }
    this.tell();
  }

  tell() { this.dispatchEvent(new Event("changed")); }

  // `shown` is what the page needs to show it while it waits: { row, words }.
  add(call, body, shown = {}) {
    const entry = { key: newKey(), call, body, shown, at: Date.now(), tries: 0 };
    this.store([...this.all(), entry]);
    this.hurry();
    return entry;
  }

  drop(key) { this.store(this.all().filter((entry) => entry.key !== key)); }

  // The entry has arrived. What undoes it is told its id: the page that sends that may be another call's.
  settle(key, html) {
    const said = new DOMParser().parseFromString(html, "text/html").getElementById("panel-data");
    const undoes = said && JSON.parse(said.textContent).own[key];
    const told = (one) => (undoes && one.body.undoes_key === key ? { ...one, body: { ...one.body, undoes_key: undefined, undoes } } : one);
    this.store(this.all().filter((one) => one.key !== key).map(told));
  }

  again(key) {
    this.change(key, { refused: null });
    this.hurry();
  }

  change(key, fields) {
    this.store(this.all().map((entry) => (entry.key === key ? { ...entry, ...fields } : entry)));
  }

  hurry() {
    clearTimeout(this.timer);
    this.wait = FIRST_WAIT_MS;
    this.run();
  }

  async run() {
    if (this.sending) return;
    this.sending = true;
    try {
      // Two windows of one account must not send the same at once; each would wait for the other's answer.
      if (navigator.locks) await navigator.locks.request(this.name, { ifAvailable: true }, (lock) => lock && this.drain());
      else await this.drain();
    } finally { this.sending = false; }
    if (this.waiting().length) {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.run(), this.wait);
      this.wait = Math.min(2 * this.wait, LONGEST_WAIT_MS);
    }
  }

  async drain() {
    for (;;) {
      const entry = this.waiting()[0];
      if (!entry || !(await this.send(entry))) return;
      this.wait = FIRST_WAIT_MS;
    }
  }

  // Whether the entry is settled, so that the next one may go.
  async send(entry) {
    const body = { ...entry.body, key: entry.key };
    if (body.undoes_key) {
      body.undoes = this.resolve(body.undoes_key);
      delete body.undoes_key;
      if (!body.undoes) { this.refuse(entry, t("要撤销的判定没有保存", "what it undoes was not stored")); return true; }
    }
    this.change(entry.key, { tries: entry.tries + 1 });
    let answer;
    let text;
    try {
      const options = { headers: { Accept: "application/json" }, signal: AbortSignal.timeout(ANSWER_MS), keepalive: true };
      answer = await post(`${pageOf(entry.call)}/reviews`, body, options);
      text = await answer.text();
    } catch (error) {
      if (error instanceof Lost || error instanceof TypeError || error.name === "TimeoutError") return false;
      throw error;
    }
    if (answer.ok) {
      this.settle(entry.key, text);
      this.dispatchEvent(new CustomEvent("acknowledged", { detail: { entry, html: text } }));
      return true;
    }
    const passing = answer.status >= 500 || answer.status === 429 || answer.status === 408;
    if (passing && (entry.tries + 1) % FAILURES) return false;
    this.refuse(entry, reason(text) || `HTTP ${answer.status}`);
    return true;
  }

  refuse(entry, why) { this.change(entry.key, { refused: why }); }
}

function reason(text) {
  try { return JSON.parse(text).detail; } catch { return ""; }
}

// crypto.randomUUID is only there over HTTPS and on this machine.
function newKey() {
  if (crypto.randomUUID) return crypto.randomUUID();
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
