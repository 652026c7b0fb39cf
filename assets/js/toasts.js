// Short messages at the corner of the window.
//
// A server answer shows one with the header  HX-Trigger: {"toast": {"text": "Draft saved"}},
// tone "good" (default), "bad", "warn" or "info"; "undo": {"url": "/…", "label": "Undo"} adds a button.

import { announce } from "./announce.js";

const VISIBLE_FOR = 6000;

/** Shows `text`; fields: tone, undo ({url, label}). */
export function showToast({ text, value, tone = "good", undo }) {
  const region = document.getElementById("toasts");
  const template = document.getElementById("toast-template");
  if (!region || !template) return;
  const toast = template.content.firstElementChild.cloneNode(true);
  toast.classList.add(`tone-${tone}`);
  toast.querySelector("[data-toast-text]").textContent = text ?? value;
  toast.querySelector(`[data-toast-icon="${tone}"]`)?.removeAttribute("hidden");
  if (undo) offerUndo(toast, undo);
  region.append(toast);
  announce(text ?? value);
}

/** A popover opened last lies on top, also above a modal dialog opened in the meantime. */
export function raise(region) {
  if (region.matches(":popover-open")) region.hidePopover();
  region.showPopover();
}

function offerUndo(toast, { url, label = "Undo" }) {
  const button = toast.querySelector("[data-toast-undo]");
  button.textContent = label;
  button.hidden = false;
  button.addEventListener("click", () => {
    window.htmx.ajax("POST", url, { swap: "none", source: document.body });
    toast.remove();
  });
}

/** Removes the toast after six seconds, counted anew after each hover or focus. */
export function expire(toast) {
  let timer;
  const start = () => (timer = setTimeout(() => toast.remove(), VISIBLE_FOR));
  const stop = () => clearTimeout(timer);
  for (const name of ["pointerenter", "focusin"]) toast.addEventListener(name, stop);
  for (const name of ["pointerleave", "focusout"]) toast.addEventListener(name, start);
  start();
  return stop;
}

document.addEventListener("toast", (event) => showToast(event.detail));
