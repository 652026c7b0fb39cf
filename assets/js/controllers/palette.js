import { Controller } from "@hotwired/stimulus";

let numbered = 0;

/**
 * Search and commands (Ctrl K): a combobox whose list is filtered here for pages and actions and
 * filled by the server, after two characters, for plans, accounts and devices.
 */
export default class extends Controller {
  static targets = ["dialog", "input", "local", "server", "none"];

  connect() {
    this.arrivals = new MutationObserver(() => this.refresh());
    this.arrivals.observe(this.serverTarget, { childList: true });
  }

  disconnect() {
    this.arrivals.disconnect();
  }

  open() {
    if (this.dialogTarget.open) return;
    this.inputTarget.value = "";
    this.serverTarget.replaceChildren();
    this.dialogTarget.showModal();
    this.filter();
  }

  close() {
    this.dialogTarget.close();
  }

  backdrop(event) {
    if (event.target === this.dialogTarget) this.close();
  }

  shortcut(event) {
    if ((event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === "k") {
      event.preventDefault();
      this.open();
    }
  }

  /** Hides local options that do not match; the server's own are already a match. */
  filter() {
    const query = this.inputTarget.value.trim().toLowerCase();
    for (const option of this.localTarget.querySelectorAll("[role=option]")) {
      option.hidden = !option.textContent.toLowerCase().includes(query);
    }
    for (const group of this.localTarget.querySelectorAll("[role=group]")) {
      group.hidden = !group.querySelector("[role=option]:not([hidden])");
    }
    if (query.length < 2) this.serverTarget.replaceChildren();
    this.refresh();
  }

  /** Keeps htmx from asking the server for less than two characters. */
  enough(event) {
    if (this.inputTarget.value.trim().length < 2) event.preventDefault();
  }

  refresh() {
    this.select(0);
    this.noneTarget.hidden = this.options.length > 0;
  }

  move(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      this.select(this.position + step);
    } else if (event.key === "Enter") {
      event.preventDefault();
      this.options[this.position]?.click();
    }
  }

  get options() {
    return [...this.dialogTarget.querySelectorAll("[role=option]")].filter((option) => !option.closest("[hidden]"));
  }

  select(position) {
    const options = this.options;
    for (const option of this.dialogTarget.querySelectorAll("[aria-selected=true]")) option.setAttribute("aria-selected", "false");
    this.position = options.length ? (position + options.length) % options.length : 0;
    const chosen = options[this.position];
    if (!chosen) {
      this.inputTarget.removeAttribute("aria-activedescendant");
      return;
    }
    chosen.id ||= `palette-option-${(numbered += 1)}`;
    chosen.setAttribute("aria-selected", "true");
    chosen.scrollIntoView({ block: "nearest" });
    this.inputTarget.setAttribute("aria-activedescendant", chosen.id);
  }
}
