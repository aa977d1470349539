// Two questions that the page of a call asks: which rule was missed, and whether an example is a good one.
const byId = (id) => document.getElementById(id);

function ask(dialog) {
  return new Promise((answered) => {
    dialog.returnValue = "";
    dialog.addEventListener("close", () => answered(dialog.returnValue), { once: true });
    dialog.showModal();
  });
}

// The rule that was chosen, { id, title }, or null.
export async function chooseMissed(quote) {
  const dialog = byId("missed-dialog");
  const filter = byId("missed-filter");
  const options = Array.from(dialog.querySelectorAll('[role="option"]'));
  byId("missed-quote").textContent = quote;
  filter.value = "";
  let shown = options;
  let at = 0;
  const show = () => {
    const typed = filter.value.trim().toLowerCase();
    shown = options.filter((one) => one.textContent.toLowerCase().includes(typed));
    at = Math.min(Math.max(0, at), Math.max(0, shown.length - 1));
    for (const one of options) {
      one.hidden = !shown.includes(one);
      one.setAttribute("aria-selected", String(one === shown[at]));
    }
    byId("missed-none").hidden = shown.length > 0;
    filter.setAttribute("aria-activedescendant", shown[at]?.id ?? "");
    shown[at]?.scrollIntoView({ block: "nearest" });
  };
  const press = (event) => {
    if (event.isComposing || event.keyCode === 229) return;
    if (event.key === "ArrowDown") at = Math.min(at + 1, shown.length - 1);
    else if (event.key === "ArrowUp") at = Math.max(at - 1, 0);
    else if (event.key === "Enter") { event.preventDefault(); if (shown[at]) dialog.close(shown[at].dataset.rule); return; }
    else return;
    event.preventDefault();
    show();
  };
  const type = () => { at = 0; show(); };
  const click = (event) => { const one = event.target.closest('[role="option"]'); if (one) dialog.close(one.dataset.rule); };
  filter.addEventListener("keydown", press);
  filter.addEventListener("input", type);
  dialog.addEventListener("click", click);
  show();
  const answer = ask(dialog);
  filter.focus();
  const id = await answer;
  filter.removeEventListener("keydown", press);
  filter.removeEventListener("input", type);
  dialog.removeEventListener("click", click);
  const option = options.find((one) => one.dataset.rule === id);
  return option ? { id, title: option.firstElementChild.textContent } : null;
}

// "good", "bad", or nothing.
export async function chooseExample(quote) {
  const dialog = byId("example-dialog");
  byId("example-quote").textContent = quote;
  const press = (event) => {
    if (event.code === "Digit1" || event.code === "Numpad1") dialog.close("good");
    else if (event.code === "Digit2" || event.code === "Numpad2") dialog.close("bad");
  };
  const click = (event) => { const one = event.target.closest("[data-example]"); if (one) dialog.close(one.dataset.example); };
  dialog.addEventListener("keydown", press);
  dialog.addEventListener("click", click);
  const answer = ask(dialog);
  dialog.querySelector("[data-example]").focus();
  const value = await answer;
  dialog.removeEventListener("keydown", press);
  dialog.removeEventListener("click", click);
  return value;
}
