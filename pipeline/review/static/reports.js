// A report: another is shown as soon as it is chosen; keys turn to the period before and after.
import { bind } from "./keys.js";

const form = document.getElementById("choose");
const follow = (id) => () => document.getElementById(id).click();

// Empty fields say nothing in an address.
form.addEventListener("submit", () => {
  for (const field of form.elements) if (field.name && !field.value) field.disabled = true;
});
for (const field of form.querySelectorAll("select")) field.addEventListener("change", () => form.requestSubmit());
document.getElementById("print").addEventListener("click", () => window.print());
bind(document, { BracketLeft: follow("before"), BracketRight: follow("after"), KeyX: follow("excel"), KeyP: () => window.print() });
