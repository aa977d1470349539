// The sound of a call: what plays, how fast, and what is skipped. Fires "frame" on every picture while it plays and
// once for each jump, "state" when it starts, stops, or its settings change.
const SPEEDS = [0.75, 1, 1.25, 1.5, 1.75, 2];
const BEFORE_S = 1;
const KEPT_S = 0.3; // of a skipped silence, at both ends, so that it is heard that there is one
const STORED = "earmark.player";

export class Player extends EventTarget {
  // `audio` is null where the file has gone: the time can be moved, nothing is heard.
  constructor(audio, { duration, silences }) {
    super();
    this.audio = audio;
    this.duration = duration;
    this.silences = silences;
    this.still = 0;
    this.heard = -1;
    this.broken = false;
    this.settings = { speed: 1, skip: false, ...stored() };
    this.frame = this.frame.bind(this);
    if (!audio) return;
    audio.preservesPitch = true;
    this.apply();
    for (const name of ["play", "pause", "ended"]) audio.addEventListener(name, () => this.changed());
    for (const name of ["seeked", "loadedmetadata"]) audio.addEventListener(name, () => this.tell());
    audio.addEventListener("error", () => { this.broken = true; this.changed(); });
  }

  get time() { return this.audio ? this.audio.currentTime : this.still; }
  get playing() { return Boolean(this.audio) && !this.audio.paused && !this.audio.ended; }

  seek(seconds) {
    const time = Math.min(Math.max(0, seconds), this.duration);
    this.still = time;
    if (this.audio) this.audio.currentTime = time;
    this.tell();
  }

  // Plays from a second before, or less at the start. A silence that is listened to on purpose is not skipped.
  hear(seconds) {
    this.heard = this.silenceAt(seconds + 0.01);
    this.seek(seconds - BEFORE_S);
    return this.play();
  }

  async play() {
    if (!this.audio) return;
    try { await this.audio.play(); } catch (error) {
      if (error.name === "AbortError") return; // paused before it began
      this.broken = true;
      this.changed();
    }
  }

  toggle() { if (this.playing) this.audio.pause(); else this.play(); }

  faster(steps) {
    const at = SPEEDS.indexOf(this.settings.speed);
    this.settings.speed = SPEEDS[Math.min(Math.max(0, at + steps), SPEEDS.length - 1)];
    this.apply();
  }

  toggleSkip() {
    this.settings.skip = !this.settings.skip;
    this.apply();
  }

  apply() {
    if (this.audio) { this.audio.defaultPlaybackRate = this.settings.speed; this.audio.playbackRate = this.settings.speed; }
    try { localStorage.setItem(STORED, JSON.stringify(this.settings)); } catch { /* the next page begins at 1× */ }
    this.dispatchEvent(new Event("state"));
  }

  changed() {
    this.dispatchEvent(new Event("state"));
    if (this.playing && !this.running) { this.running = true; requestAnimationFrame(this.frame); }
  }

  frame() {
    if (!this.playing) { this.running = false; this.tell(); return; }
    this.skipSilence();
    this.tell();
    requestAnimationFrame(this.frame);
  }

  tell() { this.dispatchEvent(new Event("frame")); }

  // Index of the silence at that time, -1 where somebody speaks.
  silenceAt(time) {
    let low = 0;
    let high = this.silences.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.silences[middle][0] <= time) low = middle + 1; else high = middle;
    }
    return low && this.silences[low - 1][1] > time ? low - 1 : -1;
  }

  skipSilence() {
    if (!this.settings.skip) return;
    const at = this.silenceAt(this.time);
    if (at < 0 || at === this.heard) return;
    const [start, end] = this.silences[at];
    if (this.time > start + KEPT_S && this.time < end - 2 * KEPT_S) this.seek(end - KEPT_S);
  }
}

function stored() {
  try {
    const found = JSON.parse(localStorage.getItem(STORED) || "{}");
    return { ...(SPEEDS.includes(found.speed) && { speed: found.speed }), skip: found.skip === true };
  } catch { return {}; }
}
