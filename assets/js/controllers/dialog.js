import { Controller } from "@hotwired/stimulus";

/**
 * A dialog that htmx put into #dialogs: opens itself as modal and leaves the page when closed.
 * The browser gives the focus back to what opened it.
 */
export default class extends Controller {
  connect() {
    if (!this.element.open) this.element.showModal();
  }

  close() {
    this.element.close();
  }

  closed() {
    this.element.remove();
  }

  /** A press on the backdrop is a press on the dialog element itself. */
  backdrop(event) {
    if (event.target === this.element && !this.element.querySelector("form")) this.close();
  }
}
