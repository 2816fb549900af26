// Questions: the answer is shown as it is written and then replaced by the checked one, with its citations.

import { $ } from "./dom.js";

/** Calls `on[event](data)` for every event of a streamed answer to POST `url`. */
async function stream(url, fields, on) {
  const response = await fetch(url, { method: "POST", body: new URLSearchParams(fields), headers: { Accept: "text/event-stream" } });
  if (!response.ok || !response.body) {
    let said = "The question could not be asked. Try again in a moment.";
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
  text.textContent = "Looking through what was said";
  article.append(text);
  return { article, text };
}

/** Asks and shows; `list` receives the answer as its first element. `heading`: the question stands above its answer. */
export async function ask(question, video, list, heading) {
  const { article, text } = waitingAnswer(question, heading);
  list.prepend(article);
  article.scrollIntoView({ block: "nearest" });
  let begun = false;
  try {
    await stream("/ask", { q: question, video, heading: heading ? "1" : "" }, {
      words({ text: more }) {
        if (!begun) { text.textContent = ""; text.classList.remove("answer-wait"); begun = true; }
        text.append(more);
      },
      answer({ html }) {
        const template = document.createElement("template");
        template.innerHTML = html;
        article.replaceWith(template.content);
      },
      failed({ sentence }) { fail(text, sentence); },
    });
  } catch {
    fail(text, "The connection was lost before the answer was there. Ask again.");
  }
  if (text.isConnected) fail(text, text.classList.contains("bad") ? text.textContent : "The answer broke off. Ask again.");
}

function fail(text, sentence) {
  text.textContent = sentence;
  text.classList.add("bad");
  text.classList.remove("answer-wait");
  text.removeAttribute("aria-busy");
  text.dataset.testid = "error";
}

export function askForm(form, video, list, heading) {
  const field = $("input[name=q]", form);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const question = field.value.trim();
    if (!question) return;
    field.value = "";
    ask(question, video, list, heading);
  });
}
