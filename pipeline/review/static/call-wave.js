// The wave: peaks by wavesurfer.js, and over and under them hits, silences, time and the playhead as SVG.
// What is shown is a window of the call, `start` and `span` in seconds; x is per cent of it, so that only peaks stretch.
import WaveSurfer from "./vendor/wavesurfer/wavesurfer.esm.js";
import { nonce, t } from "./desk.js";

const NS = "http://www.w3.org/2000/svg";
const SPANS_S = [10, 20, 40, 80, 160, 320, 640, 1280];
const FIRST_SPAN_S = 80;
const STEPS_S = [1, 2, 5, 10, 30, 60, 120, 300, 600];
const TOP = 48;
const BOTTOM = 156;
const BADGE = 18;

export class Wave {
  constructor(data, player, { select, order }) {
    this.data = data;
    this.player = player;
    this.hits = [];
    this.current = { n: 0, piece: 0 };
    this.order = order;
    this.surface = document.getElementById("surface");
    this.under = document.querySelector("#wave-under > g");
    this.marks = document.getElementById("wave-marks");
    this.overview = document.getElementById("wave-overview");
    this.start = 0;
    this.span = Math.min(FIRST_SPAN_S, data.duration || 1);
    this.makeHead();
    this.surface.addEventListener("pointerdown", (event) => this.press(event, select));
    this.surface.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    new ResizeObserver(() => this.resize()).observe(this.surface);
    this.draw();
  }

  get rows() { return this.order.length; }
  row(channel) { return this.order.indexOf(channel); }
  band(channel) {
    const row = this.rows > 1 ? this.row(channel) : -1;
    if (row < 0) return [TOP, BOTTOM];
    return row ? [104, BOTTOM] : [TOP, 100];
  }
  x(time) { return ((time - this.start) / this.span) * 100; }
  inside(time) { return Math.min(100, Math.max(0, this.x(time))); }
  whole(time) { return (time / (this.data.duration || 1)) * 100; }
  sees(from, to) { return to >= this.start && from <= this.start + this.span; }

  async load() {
    const state = document.getElementById("wave-state");
    let found;
    try {
      const answer = await fetch(`/calls/${this.data.id}/peaks`, { headers: { Accept: "application/json" } });
      found = await answer.json();
      if (!answer.ok) { this.refused = true; state.textContent = found.detail; return; }
    } catch { state.textContent = t("波形没有取到，刷新可重试。", "No wave: reload to try again."); return; }
    state.textContent = "";
    this.peaks = found;
    this.draws(found);
    this.drawOverview();
  }

  draws(found) {
    const channels = found.channels.map(bytesOf);
    const kept = this.rows > 1 && channels.length > 1 ? this.order.map((channel) => channels[channel]) : [loudest(channels)];
    this.loud = loudest(channels);
    const gain = 0.95 / Math.max(8, percentile(this.loud, 0.995));
    this.surfer = WaveSurfer.create({
      container: "#wave-peaks",
      media: this.player.audio ?? undefined,
      peaks: kept.map((bytes) => Float32Array.from(bytes, (value) => Math.min(1, value * gain))),
      duration: found.duration_s,
      height: kept.length > 1 ? 54 : 108,
      splitChannels: this.colours(kept.length),
      minPxPerSec: this.scale(),
      cspNonce: nonce(),
      barWidth: 1, barGap: 1, cursorWidth: 0,
      interact: false, autoScroll: false, hideScrollbar: true, dragToSeek: false,
    });
    this.surfer.on("ready", () => { this.ready = true; this.sync(); });
    const recolour = () => this.surfer.setOptions({ splitChannels: this.colours(kept.length) });
    new MutationObserver(recolour).observe(document.documentElement, { attributeFilter: ["data-theme"] });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", recolour);
  }

  colours(count) {
    return Array.from({ length: count }, (_, row) => {
      const { color } = getComputedStyle(document.getElementById(`label-${row}`));
      return { waveColor: color, progressColor: color };
    });
  }

  scale() { return (this.surface.clientWidth || 1) / this.span; }

  sync() {
    if (!this.ready) return;
    const scale = this.scale();
    if (Math.abs(scale - this.zoomed) > 1e-6 || !this.zoomed) { this.zoomed = scale; this.surfer.zoom(scale); }
    this.surfer.setScroll(this.start * scale);
  }

  resize() { this.zoomed = 0; this.draw(); this.move(); this.sync(); }

  show(start, span = this.span) {
    const duration = this.data.duration || 1;
    this.span = Math.min(span, duration);
    this.start = Math.min(Math.max(0, start), duration - this.span);
    this.draw();
    this.move();
    this.sync();
  }

  zoom(steps) {
    const known = SPANS_S.filter((span) => span < this.data.duration);
    known.push(this.data.duration);
    const at = known.findIndex((span) => span >= this.span - 0.01);
    const span = known[Math.min(Math.max(0, at + steps), known.length - 1)];
    const time = this.player.time;
    const anchor = time >= this.start && time <= this.start + this.span ? time : this.start + this.span / 2;
    this.show(anchor - span * ((anchor - this.start) / this.span), span);
  }

  reveal(from, to = from) {
    const margin = this.span * 0.06;
    if (from < this.start + margin || to > this.start + this.span - margin) this.show(from - this.span * 0.15);
  }

  // Turns the page when the playhead leaves it.
  follow(time) {
    if (time < this.start || time > this.start + this.span) this.show(time - this.span * 0.1);
  }

  setHits(hits) { this.hits = hits; this.draw(); }
  setCurrent(n, piece) { this.current = { n, piece }; this.draw(); }

  draw() {
    this.under.replaceChildren(...this.silences(), ...this.spans(), ...this.middles());
    this.marks.replaceChildren(...this.strip(), ...this.edges(), ...this.badges(), ...this.axis());
  }

  silences() {
    return this.data.silences.filter(([from, to]) => to - from > 3 && this.sees(from, to)).flatMap(([from, to]) => {
      const box = { x: percent(this.inside(from)), y: TOP, width: percent(this.inside(to) - this.inside(from)), height: BOTTOM - TOP };
      const wide = ((to - from) / this.span) * this.surface.clientWidth > 80;
      const middle = (Math.max(from, this.start) + Math.min(to, this.start + this.span)) / 2;
      const words = t(`静默 ${(to - from).toFixed(1)} 秒`, `silent ${(to - from).toFixed(1)} s`);
      return [
        make("rect", { class: "sil", ...box }), make("rect", { fill: "url(#hatch)", ...box }),
        ...(wide ? [make("text", { x: percent(this.x(middle)), y: 106, "text-anchor": "middle", class: "siltext" }, words)] : []),
      ];
    });
  }

  pieces() {
    return this.hits.flatMap((hit) => hit.pieces.map((piece, index) => ({ hit, piece, index })))
      .filter(({ piece }) => this.sees(piece.start, piece.end));
  }

  spans() {
    // What has no words, a silence or an absence, is drawn by its edge alone.
    return this.pieces().filter(({ piece }) => piece.turn !== null).map(({ hit, piece }) => {
      const [top, bottom] = this.band(piece.channel);
      return make("rect", {
        class: `span ${hit.mark}${off(hit, piece)}`, x: percent(this.inside(piece.start)), y: top,
        width: percent(Math.max(0.15, this.inside(piece.end) - this.inside(piece.start))), height: bottom - top,
      });
    });
  }

  middles() {
    const rows = this.rows > 1 ? [75, 129] : [102];
    return rows.map((y) => make("line", { class: "mid", x1: 0, x2: "100%", y1: y, y2: y }));
  }

  strip() {
    const from = this.whole(this.start);
    const to = this.whole(this.start + this.span);
    return [
      make("rect", { class: "off", x: 0, y: 0, width: percent(from), height: 18 }),
      make("rect", { class: "off", x: percent(to), y: 0, width: percent(Math.max(0, 100 - to)), height: 18 }),
      make("rect", { class: "view", x: percent(from), y: 0.5, width: percent(to - from), height: 17 }),
      ...this.hits.filter((hit) => hit.pieces.length).map((hit) => {
        const x = percent(this.whole(hit.pieces[0].start));
        return make("line", { class: `edge ${hit.mark}${off(hit)}`, x1: x, x2: x, y1: 20, y2: 24 });
      }),
    ];
  }

  edges() {
    const badged = new Set(this.badged().map(({ piece }) => piece));
    return this.pieces().flatMap(({ hit, piece }) => {
      const row = this.rows > 1 ? this.row(piece.channel) : 0;
      const y = row === 1 ? BOTTOM : TOP;
      const x = percent(this.inside(piece.start));
      const kind = `${hit.mark}${piece.sound ? " sound" : ""}${piece.turn === null ? " absent" : ""}${off(hit, piece)}`;
      return [
        make("line", { class: `edge ${kind}`, x1: x, x2: percent(this.inside(piece.end)), y1: y, y2: y }),
        ...(badged.has(piece) ? [make("line", { class: `stem ${kind}`, x1: x, x2: x, y1: 44, y2: y })] : []),
      ];
    });
  }

  // A badge for the first piece in sight of each hit, and for every piece of the current one if there is room.
  badged() {
    const first = new Set();
    const { n, piece: chosen } = this.current;
    const seen = this.pieces().filter(({ piece }) => piece.start >= this.start);
    const room = this.surface.clientWidth / BADGE / 2 - this.hits.length;
    const own = seen.filter(({ hit }) => hit.n === n);
    const all = own.length <= room;
    const alone = own.some(({ index }) => index === chosen);
    return seen.filter(({ hit, index }) => {
      if (hit.n === n && (all || alone)) return all || index === chosen;
      return !first.has(hit.n) && first.add(hit.n);
    }).sort((a, b) => a.piece.start - b.piece.start || a.hit.n - b.hit.n);
  }

  badges() {
    const shown = this.badged();
    const width = this.surface.clientWidth || 1;
    const wanted = shown.map(({ piece }) => (this.x(piece.start) / 100) * width - BADGE / 2);
    const places = apart(wanted, width);
    return shown.map(({ hit, piece, index }, at) => {
      const ring = hit.n === this.current.n && index === this.current.piece;
      const svg = make("svg", { x: percent(this.x(piece.start)), y: 26, overflow: "visible", "data-n": hit.n, "data-piece": index, class: "badge" });
      const shift = Math.round(places[at] - wanted[at] - BADGE / 2 + 1);
      const group = make("g", { transform: `translate(${shift} 0)`, class: off(hit, piece).trim() });
      group.append(
        make("rect", { class: `b ${hit.mark}`, x: -0.5, y: 0.5, width: 17, height: 17, rx: hit.mark === "alert" ? 8.5 : 2 }),
        ...(ring ? [make("rect", { class: "ring", x: -3.5, y: -2.5, width: 23, height: 23, rx: 3 })] : []),
        make("text", { class: `bt ${hit.mark}`, x: 8, y: 13.5 }, String(hit.n)),
      );
      svg.append(group);
      return svg;
    });
  }

  axis() {
    const width = this.surface.clientWidth || 1;
    const step = STEPS_S.find((one) => (one / this.span) * width >= 64) ?? 1200;
    this.ticks = [];
    const made = [];
    for (let time = Math.ceil(this.start / step) * step; time <= this.start + this.span + 0.001; time += step) {
      const x = this.x(time);
      const anchor = x < 2 ? "start" : x > 98 ? "end" : "middle";
      const label = make("text", { x: percent(x), y: 174, "text-anchor": anchor }, clock(time));
      this.ticks.push([x, label]);
      made.push(make("line", { class: "tick", x1: percent(x), x2: percent(x), y1: 158, y2: 162 }), label);
    }
    return made;
  }

  drawOverview() {
    const buckets = 620;
    const lines = [];
    const loudestOf = percentile(this.loud, 0.999) || 1;
    for (let at = 0; at < buckets; at += 1) {
      const from = Math.floor((at * this.loud.length) / buckets);
      const to = Math.max(from + 1, Math.floor(((at + 1) * this.loud.length) / buckets));
      let most = 0;
      for (let index = from; index < to; index += 1) if (this.loud[index] > most) most = this.loud[index];
      const half = Math.max(0.2, Math.min(1, most / loudestOf) * 8);
      lines.push(`M${2 * at + 1} ${(9 - half).toFixed(1)}V${(9 + half).toFixed(1)}`);
    }
    const svg = make("svg", { x: 0, y: 0, width: "100%", height: 18, viewBox: `0 0 ${2 * buckets} 18`, preserveAspectRatio: "none" });
    svg.append(make("path", { class: "ov", stroke: "currentColor", d: lines.join("") }));
    this.overview.replaceChildren(svg);
  }

  makeHead() {
    this.head = make("line", { class: "head", y1: 46, y2: 160 });
    this.small = make("line", { class: "head", y1: 0, y2: 18 });
    this.label = make("svg", { y: 160, overflow: "visible" });
    this.words = make("text", { class: "headt", y: 12.5 }, "");
    this.label.append(make("rect", { class: "headbox", x: -23, width: 46, height: 16, rx: 2 }), this.words);
    document.getElementById("wave-head").replaceChildren(this.head, this.small, this.label);
  }

  move() {
    const time = this.player.time;
    const x = this.x(time);
    const inside = x >= -0.01 && x <= 100.01;
    this.head.setAttribute("visibility", inside ? "visible" : "hidden");
    this.label.setAttribute("visibility", inside ? "visible" : "hidden");
    const all = percent(this.whole(time));
    this.small.setAttribute("x1", all);
    this.small.setAttribute("x2", all);
    if (!inside) return;
    this.head.setAttribute("x1", percent(x));
    this.head.setAttribute("x2", percent(x));
    const room = (23 / (this.surface.clientWidth || 1)) * 100;
    this.label.setAttribute("x", percent(Math.min(Math.max(x, room), 100 - room)));
    const shown = `${clock(time)}.${Math.floor((time % 1) * 10)}`;
    if (this.words.textContent !== shown) {
      this.words.textContent = shown;
      const near = (40 / (this.surface.clientWidth || 1)) * 100;
      for (const [at, label] of this.ticks) label.setAttribute("visibility", Math.abs(at - x) < near ? "hidden" : "visible");
    }
  }

  press(event, select) {
    if (event.button) return;
    const badge = event.target.closest?.("[data-n]");
    if (badge) { select(Number(badge.dataset.n), Number(badge.dataset.piece)); return; }
    const box = this.surface.getBoundingClientRect();
    const strip = event.clientY - box.top < 24;
    const go = ({ clientX }) => {
      const share = Math.min(1, Math.max(0, (clientX - box.left) / box.width));
      if (strip) { const time = share * this.data.duration; this.player.seek(time); this.show(time - this.span / 2); }
      else this.player.seek(this.start + share * this.span);
    };
    go(event);
    this.surface.setPointerCapture(event.pointerId);
    this.surface.addEventListener("pointermove", go);
    this.surface.addEventListener("lostpointercapture", () => this.surface.removeEventListener("pointermove", go), { once: true });
  }

  wheel(event) {
    const across = event.shiftKey ? event.deltaY : event.deltaX;
    if (Math.abs(across) <= (event.shiftKey ? 0 : Math.abs(event.deltaY))) return;
    event.preventDefault();
    this.show(this.start + (across / (this.surface.clientWidth || 1)) * this.span);
  }
}

export function clock(time) {
  const whole = Math.floor(time);
  const minutes = Math.floor(whole / 60) % 60;
  const seconds = String(whole % 60).padStart(2, "0");
  return whole >= 3600 ? `${Math.floor(whole / 3600)}:${String(minutes).padStart(2, "0")}:${seconds}` : `${minutes}:${seconds}`;
}

// Places that are a badge apart, as near as may be to where they are wanted, which is in order.
export function apart(wanted, width) {
  const groups = [];
  const place = (group) => { group.start = Math.max(0, Math.min(group.sum / group.count, width - group.count * BADGE)); };
  for (const at of wanted) {
    groups.push({ count: 1, sum: at });
    place(groups.at(-1));
    while (groups.length > 1) {
      const last = groups.at(-1);
      const before = groups.at(-2);
      if (before.start + before.count * BADGE <= last.start) break;
      groups.pop();
      before.sum += last.sum - before.count * last.count * BADGE;
      before.count += last.count;
      place(before);
    }
  }
  return groups.flatMap(({ count, start }) => Array.from({ length: count }, (_, index) => start + index * BADGE));
}

function make(name, attributes, text) {
  const element = document.createElementNS(NS, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text !== undefined) element.textContent = text;
  return element;
}

function off(hit, piece) { return hit.verdict === "rejected" || piece?.said === "rejected" ? " rej" : ""; }
function percent(value) { return `${value.toFixed(3)}%`; }
function bytesOf(base64) { return Uint8Array.from(atob(base64), (one) => one.charCodeAt(0)); }
function loudest(channels) {
  if (channels.length === 1) return channels[0];
  return channels[0].map((value, index) => Math.max(value, channels[1][index] ?? 0));
}
function percentile(bytes, share) {
  const counts = new Uint32Array(256);
  for (const value of bytes) counts[value] += 1;
  let left = bytes.length * (1 - share);
  for (let value = 255; value > 0; value -= 1) { left -= counts[value]; if (left < 0) return value; }
  return 1;
}
