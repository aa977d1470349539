// An appeal: the evidence is heard, then decided.
import { bind } from "./keys.js";
import { strip } from "./strip.js";

const answer = document.getElementById("answer");
const heard = strip();

// A decision needs its answer: without one the form says so and nothing is sent.
function press(id) {
  const button = document.getElementById(id);
  if (!button || button.disabled) return false;
  button.form.requestSubmit(button);
  return true;
}

document.getElementById("excerpt").addEventListener("click", (event) => {
  const spoken = event.target.closest(".spoken");
  if (spoken && !String(getSelection())) heard.hear(Number(spoken.dataset.play));
});
bind(document, {
  Space: heard.toggle,
  KeyC: () => { if (!answer) return false; answer.focus(); return true; },
  KeyY: () => press("uphold"),
  KeyX: () => press("overturn"),
  Escape: () => {
    // From the field first out of it, then back to the list.
    if (document.activeElement === answer) return false;
    location.assign(document.getElementById("back").href);
    return true;
  },
});
