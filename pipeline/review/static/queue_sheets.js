// The sheets of the queue: a filter is kept under a name, calls are given to somebody.
import { Lost, post, t, toast } from "./desk.js";

const byId = (id) => document.getElementById(id);

for (const button of document.querySelectorAll("dialog [data-close]")) {
  button.addEventListener("click", () => button.closest("dialog").close());
}

async function said(answer) {
  const text = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector(".error")?.textContent;
  toast(text?.trim() || t("操作失败，请重试。", "That failed: try again."), "error");
}

async function send(url, fields) {
  try {
    const answer = await post(url, fields);
    if (answer.ok) return answer;
    await said(answer);
  } catch (error) {
    if (!(error instanceof Lost)) throw error;
    toast(t("没有发送成功，连接恢复后请再试一次。", "Not sent: try again when the connection is back."), "error");
  }
  return null;
}

// A view of one's own.
let kept = "";
export function openSave(search) {
  kept = search;
  byId("save").showModal();
  byId("save-name").select();
}

byId("save-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const name = byId("save-name").value.trim();
  if (!name) return;
  const answer = await send(`/queue/views?${kept}`, new URLSearchParams({ name }));
  if (!answer) return;
  byId("views").outerHTML = await answer.text();
  byId("save").close();
  byId("save-name").value = "";
  toast(t(`已保存视图“${name}”`, `Saved the view “${name}”`));
});

export async function removeView(button, search) {
  const answer = await send(`/queue/views/${button.dataset.remove}/remove?${search}`, new URLSearchParams());
  if (!answer) return;
  byId("views").outerHTML = await answer.text();
  byId("views").querySelector("[data-save]").focus();
}

// Giving calls out: those that are selected, else the first of the list.
let giving = { calls: [], search: "", done: () => {} };
export async function openAssign(calls, search, done) {
  giving = { calls, search, done };
  await window.htmx.ajax("GET", "/queue/reviewers", { source: byId("assign-people"), target: "#assign-people", swap: "innerHTML" });
  byId("picked-number").textContent = calls.length;
  byId("assign").classList.toggle("some", calls.length > 0);
  byId("assign").showModal();
  byId(calls.length ? "assign-account" : "assign-count").focus();
}

byId("assign-form")?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const fields = new URLSearchParams({ account: byId("assign-account").value });
  for (const call of giving.calls) fields.append("calls", call);
  if (!giving.calls.length) fields.set("count", byId("assign-count").value);
  const answer = await send(`/queue/assign?${giving.search}`, fields);
  if (!answer) return;
  const given = await answer.json();
  byId("assign").close();
  giving.done(given);
  toast(t(`已分配 ${given.given} 通：${given.name}`, `${given.given} calls: ${given.name}`));
});
// Enter in a list of names is no submit by itself.
byId("assign-form")?.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.isComposing || event.target.id !== "assign-account") return;
  event.preventDefault();
  byId("assign-form").requestSubmit();
});
