import { Controller } from "@hotwired/stimulus";

/** One warning mark: a slider and a number that follow each other, and a remove button. */
export default class extends Controller {
  static targets = ["range", "number", "unit"];

  connect() {
    this.rangeTarget.value = this.numberTarget.value;
  }

  slide() {
    this.numberTarget.value = this.rangeTarget.value;
    // The number is what the form sends: let listeners for typing hear it.
    this.numberTarget.dispatchEvent(new Event("input", { bubbles: true }));
  }

  type() {
    if (this.numberTarget.value !== "") this.rangeTarget.value = this.numberTarget.value;
  }

  /** The slider is for percentages only. */
  changeUnit() {
    this.rangeTarget.hidden = this.unitTarget.value !== "%";
  }

  remove() {
    const parent = this.element.parentElement;
    const mark = this.element.querySelector('input[name$="-DELETE"]');
    if (mark) {
      mark.checked = true;
      this.element.hidden = true;
    } else {
      this.element.remove();
    }
    parent.querySelector("button:not([hidden])")?.focus();
    parent.dispatchEvent(new Event("change", { bubbles: true }));
  }
}
