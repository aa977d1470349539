// Shows for a while what the transcript hides. It is fetched when somebody says why, and drawn by the style sheet: the
// page itself never holds it as text, so that nothing that is selected, corrected or sent can carry it along.
import { Lost, post, t, toast } from "./desk.js";

const byId = (id) => document.getElementById(id);

export class Clear {
  constructor(call) {
    this.call = call;
    this.turns = null;
    this.timer = 0;
    byId("clear-form")?.addEventListener("submit", (event) => { event.preventDefault(); this.fetch(); });
    addEventListener("pagehide", () => this.hide());
  }

  toggle() {
    if (this.turns) { this.hide(); return; }
    byId("clear-why").value = "";
    byId("clear-dialog").showModal();
    byId("clear-why").focus();
  }

  async fetch() {
    const reason = byId("clear-why").value.trim();
    if (reason.length < 4) { toast(t("请写明原因，至少 4 个字。", "Say why, in 4 characters or more."), "error"); return; }
    byId("clear-dialog").close();
    try {
      const wanted = { headers: { Accept: "application/json" } };
      const heard = await post(`/calls/${this.call}/clear-sound`, { reason }, wanted);
      const sound = heard.ok ? await heard.json() : null;
      if (sound) this.hear("?clear=1");
      const answer = await post(`/calls/${this.call}/clear`, { reason }, wanted);
      const said = await answer.json();
      if (!answer.ok) { toast(typeof said.detail === "string" ? said.detail : t("没有打开原文。", "It was not shown."), "error"); if (!sound) return; }
      // Where no words were kept, the sound may still be heard.
      this.turns = said.turns ?? {};
      this.until = Date.now() + (said.seconds ?? sound.seconds) * 1000;
      this.timer = setInterval(() => this.tick(), 1000);
      this.draw();
      this.tick();
    } catch (error) { if (!(error instanceof Lost)) throw error; }
  }

  // The same place in the sound, unmasked or masked.
  hear(query) {
    const audio = byId("sound");
    const src = `/calls/${this.call}/audio${query}`;
    if (!audio || audio.getAttribute("src") === src) return;
    const at = audio.currentTime, playing = !audio.paused;
    audio.src = src;
    audio.currentTime = at;
    if (playing) audio.play().catch(() => {});
  }

  // Also after rows were put in place anew.
  draw() {
    for (const row of document.querySelectorAll(".turn[data-turn]")) {
      let rest = Array.from(this.turns?.[row.dataset.turn] ?? "");
      for (const one of row.querySelectorAll(".pd")) {
        const length = Array.from(one.textContent).length;
        const said = rest.slice(0, length).join("");
        rest = rest.slice(length);
        if (said) one.dataset.clear = said; else delete one.dataset.clear;
      }
    }
  }

  tick() {
    const left = Math.ceil((this.until - Date.now()) / 1000);
    if (left <= 0) { this.hide(); return; }
    const time = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
    byId("clear-button").textContent = t(`隐藏原文 ${time}`, `Hide again ${time}`);
  }

  hide() {
    clearInterval(this.timer);
    this.turns = null;
    this.hear("");
    this.draw();
    const button = byId("clear-button");
    if (button) button.textContent = t("查看原文", "Show unmasked");
  }
}
