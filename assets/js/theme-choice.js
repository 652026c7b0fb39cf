// The chosen theme: "light" or "dark" when somebody chose, else what the system prefers.

import { recall, remember } from "./storage.js";

const KEY = "theme";

export function currentTheme() {
  const chosen = recall(KEY);
  if (chosen === "light" || chosen === "dark") return chosen;
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

export function applyTheme() {
  document.documentElement.dataset.theme = currentTheme();
}

/** Remembers the choice and tells the charts, which draw on a canvas. */
export function chooseTheme(theme) {
  remember(KEY, theme);
  applyTheme();
  dispatchEvent(new CustomEvent("theme:change", { detail: { theme } }));
}
