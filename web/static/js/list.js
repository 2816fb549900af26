// The page of a list: ticking many at once, how many are ticked, and its live parts.

import { $, $$ } from "./dom.js";
import { Live } from "./live.js";
import { t } from "./words.js";

export function startList() {
  const page = $(".list-page");
  const form = $("#choose");
  let last = null;
  const boxes = () => $$("input[name=item]:not(:disabled)", form);
  const count = () => {
    const number = boxes().filter((box) => box.checked).length;
    $("[data-ticked]").textContent = number ? String(number) : t("ticked");
    const all = $("[data-all]");
    if (all) {
      all.checked = number > 0 && number === boxes().length;
      all.indeterminate = number > 0 && !all.checked;
    }
  };
  form.addEventListener("click", (event) => {
    const box = event.target;
    if (box.matches?.("[data-all]")) for (const each of boxes()) each.checked = box.checked;
    if (box.name === "item") {
      const all = boxes();
      if (event.shiftKey && last && all.includes(last)) {
        const [from, to] = [all.indexOf(last), all.indexOf(box)].sort((a, b) => a - b);
        for (const each of all.slice(from, to + 1)) each.checked = box.checked;
      }
      last = box;
    }
    count();
  });
  addEventListener("pageshow", count);
  new Live({
    stream: `/api/v1/lists/${page.dataset.list}/events`,
    partUrl: (name) => `/l/${page.dataset.list}/parts/${name}${location.search}`,
    isLive: () => !!$("#part-state[data-live]"),
    first: "state",
    parts: () => ["state", "items"],
    onChange: count,
  });
}
