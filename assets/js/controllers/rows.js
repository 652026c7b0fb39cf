import { Controller } from "@hotwired/stimulus";
import Sortable from "sortablejs";
import { announce } from "../announce.js";

/**
 * A list of rows that can be added, removed and put in order; the order on the page is the order saved.
 *
 * Rows come either from the server (htmx appends them to the list) or from the template target, in
 * which `__prefix__` stands for the number of the new row, as in Django's formsets. An input target
 * `total` (the formset's TOTAL_FORMS) counts them. Each row has `data-row` and, for messages,
 * `data-row-name` or a text input as its first field. A hidden `input[name$="-order"]` gets its
 * position; a check box `input[name$="-DELETE"]` makes removal a hidden mark that can be taken back.
 * `fixed` is for a list without an order inside a row of another: destroying an inner Sortable, as
 * happens when its row is moved, would end the drag of the outer one.
 */
export default class extends Controller {
  static targets = ["list", "template", "total"];
  static values = { fixed: Boolean };

  connect() {
    if (!this.fixedValue) this.makeSortable();
    this.number();
  }

  makeSortable() {
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.sortable = Sortable.create(this.listTarget, {
      handle: "[data-row-grip]",
      draggable: "[data-row]",
      forceFallback: true, // native drag and drop does nothing on touch screens
      fallbackOnBody: true,
      animation: calm ? 0 : 140,
      ghostClass: "is-ghost",
      dragClass: "is-dragged",
      onEnd: ({ item, oldIndex, newIndex }) => oldIndex === newIndex || this.moved(item),
    });
  }

  disconnect() {
    this.sortable?.destroy();
  }

  add(event) {
    const template = this.templateFor(event.params.kind);
    const index = this.hasTotalTarget ? Number(this.totalTarget.value) : this.rows.length;
    const holder = document.createElement("template");
    holder.innerHTML = template.innerHTML.replaceAll("__prefix__", index);
    const row = holder.content.firstElementChild;
    this.listTarget.append(row);
    if (this.hasTotalTarget) this.totalTarget.value = index + 1;
    window.htmx.process(row);
    this.focusFirst(row);
    announce(`${this.nameOf(row)} added`);
    this.changed();
  }

  up(event) {
    const row = this.rowOf(event);
    this.neighbour(row, "previousElementSibling")?.before(row);
    this.moved(row, event.currentTarget);
  }

  down(event) {
    const row = this.rowOf(event);
    this.neighbour(row, "nextElementSibling")?.after(row);
    this.moved(row, event.currentTarget);
  }

  remove(event) {
    const row = this.rowOf(event);
    const next = this.neighbour(row, "nextElementSibling") ?? this.neighbour(row, "previousElementSibling");
    const mark = row.querySelector('input[name$="-DELETE"]');
    announce(`${this.nameOf(row)} removed`);
    if (mark) {
      mark.checked = true;
      row.hidden = true;
    } else {
      row.remove();
    }
    if (next) this.focusFirst(next);
    else this.element.querySelector('[data-action*="rows#add"], [data-controller~="row-button"]')?.focus();
    this.changed();
  }

  get rows() {
    return [...this.listTarget.querySelectorAll(":scope > [data-row]:not([hidden])")];
  }

  templateFor(kind) {
    return this.templateTargets.find((template) => !kind || template.dataset.kind === kind);
  }

  rowOf(event) {
    return event.currentTarget.closest("[data-row]");
  }

  neighbour(row, direction) {
    let other = row[direction];
    while (other && (other.hidden || !other.matches("[data-row]"))) other = other[direction];
    return other;
  }

  nameOf(row) {
    return row.querySelector('input[type="text"], input:not([type])')?.value || row.dataset.rowName || "Row";
  }

  focusFirst(row) {
    row.querySelector('input:not([type="hidden"]), select, textarea')?.focus();
  }

  moved(row, button) {
    button?.focus(); // moving an element in the document takes its focus away
    announce(`${this.nameOf(row)} moved to position ${this.rows.indexOf(row) + 1} of ${this.rows.length}`);
    this.changed();
  }

  number() {
    this.rows.forEach((row, position) => {
      const field = row.querySelector('input[type="hidden"][name$="-order"], input[type="hidden"][name$="-ORDER"]');
      if (field) field.value = position;
    });
  }

  changed() {
    this.number();
    this.listTarget.dispatchEvent(new Event("change", { bubbles: true }));
  }
}
