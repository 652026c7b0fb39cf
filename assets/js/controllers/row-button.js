import { Controller } from "@hotwired/stimulus";
import { announce } from "../announce.js";

/**
 * A button whose htmx request appends a row made by the server: the new row gets the focus, is
 * announced, and listeners for typing hear that the list has changed.
 */
export default class extends Controller {
  added() {
    const list = document.querySelector(this.element.getAttribute("hx-target"));
    const row = list?.lastElementChild;
    if (!row) return;
    row.querySelector('input:not([type="hidden"]), select')?.focus();
    announce(`${row.dataset.rowName ?? "Row"} added`);
    list.dispatchEvent(new Event("change", { bubbles: true }));
  }
}
