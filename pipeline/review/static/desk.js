// What every page does: short messages, the help sheet, theme, a session that ended, a connection that was lost.
//
// toast(message, "ok" | "error") · t(zh, en) · csrf() · nonce() · post(url, body, options) → Response
// post() sends JSON, or a FormData as it is, with the CSRF token. It throws Lost where the answer did not come or the
// session has ended: keep what was to be sent, and send it again on the event "earmark:back" of document.
import { bind } from "./keys.js";

const byId = (id) => document.getElementById(id);
const meta = (name) => document.querySelector(`meta[name="${name}"]`);

export class Lost extends Error {}
export const csrf = () => meta("csrf-token").content;
export const nonce = () => meta("csp-nonce").content;
export const t = (zh, en) => (document.documentElement.lang === "en" ? en : zh);

export function toast(message, kind = "ok") {
  const shown = document.createElement("div");
  shown.className = `toast ${kind}`;
  shown.textContent = message;
  byId("toasts").append(shown);
  setTimeout(() => shown.remove(), kind === "error" ? 8000 : 3000);
}

export async function post(url, body, options = {}) {
  const form = body instanceof FormData || body instanceof URLSearchParams;
  const headers = { "X-CSRF-Token": csrf(), "HX-Request": "true", ...options.headers };
  if (!form) headers["Content-Type"] = "application/json";
  let answer;
  try {
    answer = await fetch(url, { method: "POST", ...options, headers, body: form ? body : JSON.stringify(body) });
  } catch (error) {
    connectionLost();
    throw new Lost("connection", { cause: error });
  }
  if (answer.status === 401) { sessionLost(); throw new Lost("session"); }
  if (answer.status === 403 && (await tokenOfAnotherWindow())) return post(url, body, options);
  // A batch holds the database, or a proxy cannot reach the desk: the same may succeed in a while.
  if ([502, 503, 504].includes(answer.status)) { connectionLost(); throw new Lost("busy"); }
  return answer;
}

// Another window has logged in anew, and this page's token is of the session before. Only the same account's will do:
// what one person said is not sent in the name of another.
async function tokenOfAnotherWindow() {
  try {
    const page = new DOMParser().parseFromString(await (await fetch("/")).text(), "text/html");
    const token = page.querySelector('meta[name="csrf-token"]')?.content;
    if (!token || token === csrf() || page.body.dataset.account !== document.body.dataset.account) return false;
    useToken(token);
    return true;
  } catch { return false; }
}

function useToken(token) {
  meta("csrf-token").content = token;
  document.body.setAttribute("hx-headers", JSON.stringify({ "X-CSRF-Token": token }));
  for (const field of document.querySelectorAll('input[name="csrf"]')) field.value = token;
}

// The connection: asked for until it is there again.
let watching = 0;
export function connectionLost() {
  byId("offline").hidden = false;
  if (!watching) watching = setInterval(look, 3000);
}

async function look() {
  try {
    const answer = await fetch("/healthz", { cache: "no-store" });
    if (!answer.ok) return;
  } catch { return; }
  clearInterval(watching);
  watching = 0;
  byId("offline").hidden = true;
  back();
}

function back() {
  document.dispatchEvent(new CustomEvent("earmark:back"));
}

// The session: the password is asked for on top of the page, which stays as it is.
export function sessionLost() {
  const sheet = byId("session-lost");
  if (!sheet) { location.assign("/login"); return; }
  if (!sheet.open) { sheet.showModal(); byId("session-password").focus(); }
}

async function logInAgain(event) {
  event.preventDefault();
  const sent = new URLSearchParams(new FormData(event.target));
  const shown = byId("session-error");
  const headers = { Accept: "application/json" };
  try {
    const form = await (await fetch("/login", { headers })).json();
    sent.set("csrf", form.csrf);
    const answer = await fetch("/login", { method: "POST", headers, body: sent });
    const said = await answer.json();
    if (!answer.ok) throw new Error(said.detail);
    useToken(said.csrf);
  } catch (error) {
    shown.textContent = error instanceof TypeError ? t("连接已断开，请稍后再试。", "No connection: try again in a while.") : error.message;
    shown.hidden = false;
    return;
  }
  shown.hidden = true;
  byId("session-password").value = "";
  byId("session-lost").close();
  back();
}

function chooseTheme(event) {
  const chosen = event.currentTarget.dataset.themeChoice;
  if (chosen) document.documentElement.dataset.theme = chosen;
  else delete document.documentElement.dataset.theme;
  document.cookie = `earmark_theme=${chosen}; path=/; max-age=${chosen ? 31536000 : 0}; samesite=lax`;
  for (const button of document.querySelectorAll("[data-theme-choice]")) {
    button.setAttribute("aria-pressed", String(button.dataset.themeChoice === chosen));
  }
}

export function help() {
  const sheet = byId("help");
  if (sheet && !sheet.open) sheet.showModal();
}

function go(digit) {
  const link = document.querySelector(`.top nav a[data-go="${digit}"]`);
  if (!link) return false;
  location.assign(link.href);
  return true;
}

// A page with a search field of its own kind binds the key itself.
function search() {
  const field = document.querySelector("[data-search]");
  if (!field) return false;
  field.focus();
  field.select();
  return true;
}

// The menu in the bar closes as menus do.
const places = byId("places");
if (places) {
  document.addEventListener("click", (event) => { if (!places.contains(event.target)) places.open = false; });
  bind(places, { Escape: () => { if (!places.open) return false; places.open = false; places.querySelector("summary").focus(); return true; } });
}

// htmx: an error is said, not swallowed; what a failed request was to replace stays.
document.addEventListener("htmx:responseError", ({ detail: { xhr } }) => {
  if (xhr.status === 401) { sessionLost(); return; }
  if ([502, 503, 504].includes(xhr.status)) { connectionLost(); return; }
  const answer = new DOMParser().parseFromString(xhr.responseText, "text/html");
  toast(answer.querySelector(".error")?.textContent || t("操作失败，请重试。", "That failed: try again."), "error");
});
document.addEventListener("htmx:sendError", connectionLost);
window.addEventListener("offline", connectionLost);

for (const button of document.querySelectorAll("[data-theme-choice]")) button.addEventListener("click", chooseTheme);
byId("help-button")?.addEventListener("click", help);
byId("session-form")?.addEventListener("submit", logInAgain);
// Without the password there is no way on: leaving the sheet by Escape leads to the login page.
byId("session-lost")?.addEventListener("cancel", (event) => event.preventDefault());
bind(document, {
  "Shift+Slash": help,
  Slash: search,
  ...Object.fromEntries([1, 2, 3, 4, 5, 6, 7, 8, 9].map((digit) => [`g Digit${digit}`, () => go(digit)])),
});
