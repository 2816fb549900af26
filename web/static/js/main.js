// What every page needs; the module of the page itself is loaded beside it.

import { $, $$, typing } from "./dom.js";
import { ask, askForm } from "./ask.js";
import { startHome, startPaste } from "./home.js";
import { startKeys } from "./keys.js";
import { startList } from "./list.js";
import { startOpinions } from "./opinions.js";
import { startVideo } from "./video.js";

document.documentElement.classList.add("has-js");
const page = document.body.dataset.page;

startPaste();
theme();
startOpinions();
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
  askForm(form, $("input[name=video]", form)?.value || "", list, true);
  if (list.dataset.ask) ask(list.dataset.ask, list.dataset.scope, list, false);
}

/** Enter opens the first hit when nothing is being typed. */
function startSearch() {
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || typing() || document.activeElement?.closest("a, button, summary")) return;
    $("#hits .hit")?.click();
  });
}
