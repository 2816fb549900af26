// Questions: the words of the answer are shown as they come, checked, and then replaced by all of it, with its citations and its translation.

import { $ } from "./dom.js";
import { t } from "./words.js";

/** Calls `on[event](data)` for every event of a streamed answer to POST `url`. */
async function stream(url, fields, on) {
  const response = await fetch(url, { method: "POST", body: new URLSearchParams(fields), headers: { Accept: "text/event-stream" } });
  if (!response.ok || !response.body) {
    let said = t("The question could not be asked. Try again in a moment.");
    try { said = new DOMParser().parseFromString(await response.text(), "text/html").querySelector("[data-testid=error] p")?.textContent || said; } catch { /* keep the sentence */ }
    on.failed({ sentence: said });
    return;
  }
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    text += value;
    const events = text.split("\n\n");
    text = events.pop();
    for (const event of events) {
      const name = /^event: (.*)$/m.exec(event)?.[1];
      const data = /^data: (.*)$/m.exec(event)?.[1];
      if (name && data && on[name]) on[name](JSON.parse(data));
    }
  }
}

function waitingAnswer(question, heading) {
  const article = document.createElement("article");
  article.className = "answer";
  if (heading) {
    const title = document.createElement("h3");
    title.dir = "auto";
    title.textContent = question;
    article.append(title);
  }
  const text = document.createElement("p");
  text.className = "answer-text answer-wait";
  text.dir = "auto";
  text.dataset.draft = "yes";
  text.setAttribute("aria-busy", "true");
  text.textContent = t("Looking through what was said");
  article.append(text);
  return { article, text };
}

/** A form with questions: where they go, and the conversation that they become. Lives as long as the page. */
export class Asking {
  /** `fields`: what is sent with every question, video or list. `list` receives the answers; in a chat as its last element, else as its first. */
  constructor(fields, list, { chat = false, conversation = "" } = {}) {
    this.fields = fields;
    this.list = list;
    this.chat = chat;
    this.conversation = conversation;
    this.waiting = Promise.resolve();
  }

  /** `heading`: the question stands above its answer. One after another, since the next may lean on this one. */
  ask(question, heading = true) {
    const shown = waitingAnswer(question, heading);
    this.list[this.chat ? "append" : "prepend"](shown.article);
    shown.article.scrollIntoView({ block: this.chat ? "center" : "nearest" });
    this.waiting = this.waiting.then(() => this.answered(question, heading, shown));
    return this.waiting;
  }

  async answered(question, heading, { article, text }) {
    const fields = [...this.fields, ["q", question], ["heading", heading ? "1" : ""], ["chat", this.chat ? "1" : ""]];
    if (this.conversation) fields.push(["c", this.conversation]);
    let begun = false;
    try {
      await stream("/ask", fields, {
        words({ text: more }) {
          if (!begun) { text.textContent = ""; text.classList.remove("answer-wait"); begun = true; }
          text.append(more);
        },
        answer: (found) => this.show(found, article),
        failed({ sentence }) { fail(text, sentence); },
      });
    } catch {
      fail(text, t("The connection was lost before the answer was there. Ask again."));
    }
    if (text.isConnected) fail(text, text.classList.contains("bad") ? text.textContent : t("The answer broke off. Ask again."));
  }

  show({ html, conversation, head, list }, article) {
    this.conversation = String(conversation);
    article.replaceWith(fragment(html));
    if (!head) return;
    $("#chat-top").replaceChildren(fragment(head));
    $("#chat-others").replaceChildren(fragment(list));
    $(".chat-new")?.setAttribute("hidden", "");
    const address = new URL(location.href);
    address.search = `?c=${conversation}`;
    history.replaceState(null, "", address);
    this.list.lastElementChild?.scrollIntoView({ block: "nearest" });
  }
}

function fragment(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  return template.content;
}

function fail(text, sentence) {
  text.textContent = sentence;
  text.classList.add("bad");
  text.classList.remove("answer-wait");
  text.removeAttribute("aria-busy");
  text.dataset.testid = "error";
}

export function askForm(form, asking) {
  const field = $("input[name=q]", form);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const question = field.value.trim();
    if (!question) return;
    field.value = "";
    field.placeholder = t("Another question");
    asking.ask(question);
  });
}
