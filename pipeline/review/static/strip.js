// A recording with its position: strip() → { hear(second), toggle() }. See player.html.
import { t, toast } from "./desk.js";

const none = { hear() {}, toggle() { return false; } };

function clock(seconds) {
  const whole = Math.floor(seconds);
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, String(whole % 60).padStart(2, "0")];
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}

export function strip() {
  const sound = document.getElementById("sound");
  if (!sound) return none;
  const seek = document.getElementById("seek");
  const now = document.getElementById("clock-now");
  const button = document.getElementById("toggle");
  let next = Number(sound.dataset.start);

  function show() {
    const second = next ?? sound.currentTime;
    now.textContent = clock(second);
    seek.value = second;
    button.setAttribute("aria-pressed", String(!sound.paused));
    button.querySelector(".do").textContent = sound.paused ? t("播放", "Play") : t("停止", "Stop");
  }

  // A position can only be set once the length is known.
  function move() {
    if (next === null || sound.readyState < HTMLMediaElement.HAVE_METADATA) return;
    sound.currentTime = next;
    next = null;
    show();
  }

  async function play() {
    try {
      move();
      await sound.play();
    } catch (error) {
      if (error.name !== "AbortError") toast(t("录音无法播放。", "The recording cannot be played."), "error");
    }
  }

  function hear(second) {
    next = Math.max(0, second);
    play();
  }

  function toggle() {
    if (sound.paused) play();
    else sound.pause();
  }

  seek.addEventListener("input", () => { next = Number(seek.value); move(); show(); });
  button.addEventListener("click", toggle);
  sound.addEventListener("loadedmetadata", move);
  for (const event of ["timeupdate", "play", "pause", "ended", "seeked"]) sound.addEventListener(event, show);
  return { hear, toggle };
}
