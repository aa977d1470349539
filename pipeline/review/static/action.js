// An action, and the form that opens one: keys.
import { bind } from "./keys.js";

bind(document, {
  KeyC: () => {
    const field = document.getElementById("text");
    if (!field) return false;
    field.focus();
    return true;
  },
  Escape: () => location.assign(document.getElementById("back").href),
});
