// What a call's page could not send is sent from every other page as well, and spoken of where it cannot be.
import { t } from "./desk.js";
import { Outbox, pageOf } from "./outbox.js";

const SOON_MS = 1500; // what is sent in this time is not worth a word

// `call` is the one whose page this is: it shows its own.
export function tellUnsent(outbox, call = null) {
  const notice = document.getElementById("unsent");
  const show = () => {
    const others = outbox.all().filter((entry) => entry.call !== call);
    const refused = others.filter((entry) => entry.refused);
    const waiting = others.filter((entry) => !entry.refused && Date.now() - entry.at > SOON_MS);
    notice.hidden = !refused.length && !waiting.length;
    const words = [];
    if (waiting.length) words.push(t(`${waiting.length} 条判定待发送，连上后自动发送。`, `${waiting.length} judgements are sent when the connection is back. `));
    if (refused.length) words.push(t(`${refused.length} 条判定没有保存：`, `${refused.length} judgements were not stored: `), ...links(refused));
    notice.replaceChildren(...words);
  };
  outbox.addEventListener("changed", show);
  setTimeout(show, SOON_MS);
}

function links(entries) {
  return [...new Set(entries.map((entry) => entry.call))].map((call, index) => {
    const link = document.createElement("a");
    link.href = pageOf(call);
    link.textContent = t(`打开通话 ${index + 1}`, `open call ${index + 1}`);
    return link;
  });
}

if (!document.getElementById("call-data")) {
  const outbox = new Outbox(document.body.dataset.account);
  tellUnsent(outbox);
  outbox.hurry();
}
