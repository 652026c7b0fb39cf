import { Controller } from "@hotwired/stimulus";

const START = [
  "[autofocus], .error-summary",
  ".dialog-body :is(input:not([type=hidden]), select, textarea):not(:disabled)",
];

let opener = null;

/**
 * A dialog that htmx put into #dialogs: opens itself as modal, begins at its first field, and
 * leaves the page when closed. A refused form comes back as a new dialog in the old one's place,
 * so what opened the first is remembered here: the browser would give the focus to nothing.
 */
export default class extends Controller {
  connect() {
    if (this.element.open) return;
    opener = openerOf(document.activeElement) ?? opener;
    this.element.showModal();
    START.map((selector) => this.element.querySelector(selector)).find(Boolean)?.focus();
  }

  close() {
    this.element.close();
  }

  closed() {
    this.element.remove();
    if (document.querySelector("dialog[open]")) return;
    opener?.focus();
    opener = null;
  }

  /** A press on the backdrop is a press on the dialog element itself. */
  backdrop(event) {
    if (event.target === this.element && !this.element.querySelector("form")) this.close();
  }
}

/** The element itself, or the button of the menu that it is an item of; the menu is gone by then. */
function openerOf(element) {
  if (!element || element === document.body || element.closest("#dialogs")) return null;
  const menu = element.closest("[popover]");
  return menu ? document.querySelector(`[popovertarget="${menu.id}"]`) : element;
}
