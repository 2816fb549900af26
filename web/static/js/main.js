// What every page needs; the module of the page itself is loaded beside it.

import { $, $$, typing } from "./dom.js";
import { Asking, askForm } from "./ask.js";
import { startHome, startPaste } from "./home.js";
import { startKeeping } from "./keeping.js";
import { startKeys } from "./keys.js";
import { startList } from "./list.js";
import { startOpinions } from "./opinions.js";
import { startSuggestions } from "./suggest.js";
import { startVideo } from "./video.js";

document.documentElement.classList.add("has-js");
const page = document.body.dataset.page;

startPaste();
theme();
startOpinions();
startKeeping();
startSuggestions();
if (page === "home") startHome();
if (page === "video") startVideo(); else startKeys(null, null);
if (page === "ask") startAsk();
if (page === "search") startSearch();
if (page === "list") startList();

/** The button switches at once; the cookie makes the next page come in the chosen theme. */
function theme() {
  const form = $(".theme");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const root = document.documentElement;
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    const button = $("button", form);
    button.value = dark ? "dark" : "light";
    document.cookie = `theme=${root.dataset.theme}; path=/; max-age=31536000; samesite=lax`;
  });
}

function startAsk() {
  const list = $("#answers");
  const form = $("#ask-form");
  const fields = $$("input[type=hidden]", form).filter((input) => input.name !== "c").map((input) => [input.name, input.value]);
  const asking = new Asking(fields, list, { chat: true, conversation: $("input[name=c]", form)?.value });
  askForm(form, asking);
  if (list.dataset.ask) asking.ask(list.dataset.ask);
  else list.lastElementChild?.scrollIntoView({ block: "nearest" });
}

/** Enter opens the first hit when nothing is being typed. */
function startSearch() {
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || typing() || document.activeElement?.closest("a, button, summary")) return;
    $("#hits .hit")?.click();
  });
}
