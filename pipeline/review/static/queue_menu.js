// The menus of the filters: a list to choose from that is narrowed by typing.
const menu = document.getElementById("menu");
const input = document.getElementById("menu-type");
const choices = document.getElementById("menu-choices");
let button = null;
let waiting = null;

const options = () => [...menu.querySelectorAll('[role="option"]')];
const offered = () => options().filter((option) => !option.hidden);

// The field is there at once, so that nothing typed while the choices come is lost.
export async function openMenu(from, search) {
  const again = button === from && menu.matches(":popover-open");
  closeMenu();
  if (again) return;
  button = from;
  const name = from.querySelector(".clip").textContent;
  input.value = "";
  input.placeholder = `${input.dataset.placeholder} · ${name}`;
  input.setAttribute("aria-label", name);
  choices.replaceChildren();
  place(from);
  menu.showPopover();
  from.setAttribute("aria-expanded", "true");
  input.focus();
  waiting = window.htmx.ajax("GET", `/queue/menu/${from.dataset.menu}${search ? `?${search}` : ""}`, { source: choices, target: "#menu-choices", swap: "innerHTML" });
  await waiting;
  if (button !== from || !choices.firstElementChild) return;
  if (input.value.trim()) narrow(input.value);
  else point(options().find((option) => option.ariaSelected === "true") ?? offered()[0]);
}

export function closeMenu() {
  if (menu.matches(":popover-open")) menu.hidePopover();
  button = null;
}

function place(from) {
  const box = from.getBoundingClientRect();
  menu.style.top = `${box.bottom + 4}px`;
  menu.style.left = `${Math.max(8, Math.min(box.left, window.innerWidth - 316))}px`;
}

// The option that Enter takes.
function point(option) {
  for (const other of menu.querySelectorAll(".at")) other.classList.remove("at");
  if (!option) { input.removeAttribute("aria-activedescendant"); return; }
  option.classList.add("at");
  input.setAttribute("aria-activedescendant", option.id);
  option.scrollIntoView({ block: "nearest" });
}

function narrow(typed) {
  const wanted = typed.trim().toLowerCase();
  for (const option of options()) {
    const said = `${option.textContent} ${option.dataset.also}`.toLowerCase();
    option.hidden = wanted !== "" && !said.includes(wanted);
  }
  const none = menu.querySelector(".none");
  if (none) none.hidden = offered().length > 0;
  point(offered()[0]);
}

function step(by) {
  const all = offered();
  const at = all.findIndex((option) => option.classList.contains("at"));
  point(all[Math.min(all.length - 1, Math.max(0, at + by))]);
}

input.addEventListener("input", () => narrow(input.value));
input.addEventListener("keydown", async (event) => {
  if (event.isComposing) return;
  const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 };
  if (!steps[event.key] && event.key !== "Enter") return;
  event.preventDefault();
  await waiting;
  if (event.key === "Enter") menu.querySelector(".at")?.click();
  else step(steps[event.key]);
});
menu.addEventListener("submit", (event) => {
  event.preventDefault();
  const days = new FormData(event.target);
  const fields = new URLSearchParams(document.getElementById("found").dataset.search);
  for (const name of ["from", "to"]) {
    if (days.get(name)) fields.set(name, days.get(name));
    else fields.delete(name);
  }
  document.dispatchEvent(new CustomEvent("earmark:list", { detail: `/queue?${fields}` }));
});
// Not `toggle`, which comes a task later.
menu.addEventListener("beforetoggle", (event) => {
  if (event.newState === "open") return;
  for (const one of document.querySelectorAll("[data-menu]")) one.setAttribute("aria-expanded", "false");
});
