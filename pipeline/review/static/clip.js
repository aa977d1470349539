// Hears a stretch of a call: clip(sound).toggle(button, call, second). One plays at a time.
import { t, toast } from "./desk.js";

export function clip(sound) {
  let playing = null;

  function stop() {
    sound.pause();
    show(playing, false);
    playing = null;
  }

  function show(button, on) {
    if (!button) return;
    button.setAttribute("aria-pressed", String(on));
    const word = button.querySelector(".do");
    if (word) word.textContent = on ? t("停止", "Stop") : t("播放", "Play");
  }

  async function toggle(button, call, second) {
    if (playing === button && !sound.paused) { stop(); return; }
    stop();
    playing = button;
    show(button, true);
    const url = `/calls/${call}/audio`;
    if (sound.dataset.call !== call) {
      sound.dataset.call = call;
      // The fragment spares loading what comes before.
      sound.src = `${url}#t=${second}`;
      await new Promise((ready) => { sound.addEventListener("loadedmetadata", ready, { once: true }); sound.addEventListener("error", ready, { once: true }); sound.load(); });
    }
    if (playing !== button) return;
    try {
      sound.currentTime = second;
      await sound.play();
    } catch (error) {
      if (error.name === "AbortError") return;
      delete sound.dataset.call;
      stop();
      toast(t("录音无法播放。", "The recording cannot be played."), "error");
    }
  }

  sound.addEventListener("ended", stop);
  return { toggle, stop };
}
