import { Controller } from "@hotwired/stimulus";
import { recall, remember } from "../storage.js";

const KEY = "shortcuts";
const SEQUENCE_TIME = 1200;

/**
 * Single-key shortcuts for experts, which can be switched off (WCAG 2.1.4).
 *
 * Any link or button announces its own with `data-shortcut="g p"`: pressing those keys clicks it,
 * or focuses it when it is a field. `?` opens the help target, which lists what is on the page.
 */
export default class extends Controller {
  static targets = ["help", "list", "switch"];

  connect() {
    this.typed = [];
    this.switchTarget.checked = this.enabled;
  }

  get enabled() {
    return recall(KEY) !== "off";
  }

  press(event) {
    if (!this.enabled || event.ctrlKey || event.metaKey || event.altKey || takesText(event.target)) return;
    if (document.querySelector("dialog[open]")) return;
    if (event.key === "?") {
      event.preventDefault();
      this.openHelp();
      return;
    }
    this.collect(event);
  }

  collect(event) {
    clearTimeout(this.forget);
    this.forget = setTimeout(() => (this.typed = []), SEQUENCE_TIME);
    this.typed = [...this.typed, event.key].slice(-2);
    const target = this.find(this.typed.join(" ")) ?? this.find(event.key);
    if (!target) return;
    event.preventDefault();
    this.typed = [];
    if (takesText(target)) target.focus();
    else target.click();
  }

  find(keys) {
    return [...document.querySelectorAll("[data-shortcut]")].find((element) => element.dataset.shortcut === keys);
  }

  openHelp() {
    this.listTarget.replaceChildren(...this.entries());
    this.helpTarget.showModal();
  }

  closeHelp() {
    this.helpTarget.close();
  }

  change() {
    remember(KEY, this.switchTarget.checked ? "on" : "off");
  }

  /** One <dt> with the keys and one <dd> with the name for every shortcut on the page. */
  entries() {
    const seen = new Set();
    return [...document.querySelectorAll("[data-shortcut]")].flatMap((element) => {
      const keys = element.dataset.shortcut;
      if (seen.has(keys)) return [];
      seen.add(keys);
      return [keysTerm(keys), description(element)];
    });
  }
}

function takesText(element) {
  return element.isContentEditable || element.matches?.("input:not([type=checkbox], [type=radio]), textarea, select");
}

function keysTerm(keys) {
  const term = document.createElement("dt");
  for (const key of keys.split(" ")) {
    const cap = document.createElement("kbd");
    cap.textContent = key;
    term.append(cap, " ");
  }
  return term;
}

function description(element) {
  const text = element.dataset.shortcutLabel ?? element.getAttribute("aria-label") ?? element.textContent.trim();
  const detail = document.createElement("dd");
  detail.textContent = text;
  return detail;
}
