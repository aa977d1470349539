// The form for a plan: a file is read into the field, where it can be seen and changed before it is sent.
import { t, toast } from "./desk.js";

const MOST = 20_000;
const file = document.getElementById("file");
const text = document.getElementById("text");

file.addEventListener("change", async () => {
  const [chosen] = file.files;
  file.value = "";
  if (!chosen) return;
  const read = await chosen.text();
  if (read.length > MOST) { toast(t("文件太大：计划最多 20,000 字。", "Too large: a plan has at most 20,000 characters."), "error"); return; }
  text.value = read;
  text.focus();
});
