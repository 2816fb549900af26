// Keyboard shortcuts: single keys, never while typing, listed by "?", and they can be switched off.

import { $, $$, length, memory, typing } from "./dom.js";

let on = memory.get("keys", "on") === "on";

export function startKeys(player, transcript, marking) {
  const dialog = $("#keys");
  for (const box of $$("[data-keys-switch]")) {
    box.checked = on;
    box.addEventListener("change", () => {
      on = box.checked;
      memory.set("keys", on ? "on" : "off");
      for (const other of $$("[data-keys-switch]")) other.checked = on;
    });
  }
  const page = {
    "/": () => searchField()?.focus(),
    "?": () => { if (!dialog.open) dialog.showModal(); },
  };
  const rates = [0.5, 0.75, 1, 1.25, 1.5, 1.75, 2];
  const faster = (step) => player.setRate(rates[Math.min(rates.length - 1, Math.max(0, rates.indexOf(player.rate) + step))]);
  const skip = (seconds) => player.seek(player.position + seconds);
  const watching = player && {
    " ": () => player.toggle(), k: () => player.toggle(),
    j: () => skip(-10), l: () => skip(10),
    ArrowLeft: () => skip(-5), ArrowRight: () => skip(5),
    "<": () => faster(-1), ">": () => faster(1),
    n: () => point(player, 1), p: () => point(player, -1),
    c: () => transcript.switch.click(),
    h: () => marking.highlight(), m: () => marking.note(),
  };
  document.addEventListener("keydown", (event) => {
    if (!on || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || typing() || dialog.open) return;
    // space and arrows belong to the control that has the focus
    const active = document.activeElement;
    const control = active?.closest("button, a, summary, input, select, video, audio, .strip");
    if (control && (event.key === " " || event.key.startsWith("Arrow"))) return;
    let action = page[event.key] || watching?.[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!action && watching && length() && /^[0-9]$/.test(event.key)) action = () => player.seek((length() * Number(event.key)) / 10);
    if (!action) return;
    event.preventDefault();
    action();
  });
}

/** To the point that begins after (`step` 1) or before (-1) where one is. */
function point(player, step) {
  const begins = (node) => Number(node.dataset.t);
  const points = $$(".point").sort((one, other) => begins(one) - begins(other));
  const next = step > 0 ? points.find((node) => begins(node) > player.position + 0.5) : points.findLast((node) => begins(node) < player.position - 1.5);
  if (!next) return;
  player.seek(begins(next));
  next.scrollIntoView({ block: "nearest" });
}

function searchField() {
  return $$("[data-testid=search-field], #q").find((field) => field.offsetParent !== null);
}
