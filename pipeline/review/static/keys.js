// Keys: pages say what a key does, here it is found out which one was meant.
//
// bind(scope, {"KeyY": confirm, "Shift+KeyN": back, "g Digit1": toQueue, "Space": play}) → unbind()
// `scope` is an element, or document: its keys work while the focus is inside it (document: always). The innermost
// scope wins, then the newest binding. A function that returns false leaves the key to the next one.
// Keys are those of event.code, the place on the keyboard, so that a Chinese input method does not swallow them.

const bindings = [];
let prefix = null;
let prefixTimer = 0;
const PREFIX_MS = 1500;
const TEXT = 'textarea, select, [contenteditable=""], [contenteditable="true"], input:not([type="checkbox"], [type="radio"], [type="button"], [type="submit"], [type="range"])';
const PRESSED = 'button, a[href], summary, input[type="checkbox"], input[type="radio"]';
const MOVED = 'input[type="radio"], input[type="range"]';

export function bind(scope, keys) {
  const added = Object.entries(keys).map(([key, run]) => ({ scope, key, run }));
  bindings.push(...added);
  return () => { for (const one of added) bindings.splice(bindings.indexOf(one), 1); };
}

export function inTextField(element = document.activeElement) {
  return Boolean(element?.matches?.(TEXT));
}

function name(event) {
  return (event.shiftKey ? "Shift+" : "") + event.code;
}

function inside(scope, target) {
  return scope === document || (scope.isConnected && scope.contains(target));
}

function depth(scope) {
  let steps = 0;
  for (let node = scope; node && node !== document; node = node.parentNode) steps += 1;
  return steps;
}

// An open sheet has all keys to itself.
function reachable(scope) {
  const sheet = document.querySelector("dialog[open]");
  return !sheet || (scope !== document && sheet.contains(scope));
}

function ownKey(event) {
  const target = event.target;
  if (!target.matches) return false;
  if ((event.code === "Enter" || event.code === "NumpadEnter" || event.code === "Space") && target.matches(PRESSED)) return true;
  return event.code.startsWith("Arrow") && target.matches(MOVED);
}

function setPrefix(value) {
  clearTimeout(prefixTimer);
  prefix = value;
  if (value) prefixTimer = setTimeout(() => { prefix = null; }, PREFIX_MS);
}

function press(event) {
  if (event.defaultPrevented || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Shift") return;
  const typing = inTextField(event.target);
  if (typing && event.code !== "Escape") return;
  if (ownKey(event)) return;
  const key = (prefix ? `${prefix} ` : "") + name(event);
  const had = prefix;
  setPrefix(null);
  const matching = bindings
    .map((one, index) => ({ ...one, index }))
    .filter((one) => one.key === key && inside(one.scope, event.target) && reachable(one.scope))
    .sort((a, b) => depth(b.scope) - depth(a.scope) || b.index - a.index);
  for (const one of matching) {
    if (one.run(event) !== false) { event.preventDefault(); return; }
  }
  if (typing) event.target.blur();
  else if (!had && event.code === "KeyG" && !event.shiftKey && reachable(document)) setPrefix("g");
}

document.addEventListener("keydown", press);
