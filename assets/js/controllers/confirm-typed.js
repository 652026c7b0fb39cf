import { Controller } from "@hotwired/stimulus";

/**
 * For steps that reach many people: the step asks to type a code.
 *
 * The submit button stays usable; a wrong code shows the message target and keeps the form from
 * being sent. With a `choice` target (a radio or check box) the code is asked only while that is chosen.
 */
export default class extends Controller {
  static targets = ["input", "message", "choice", "section"];
  static values = { code: String };

  connect() {
    this.choose();
  }

  choose() {
    if (this.hasSectionTarget) this.sectionTarget.hidden = !this.needed;
  }

  get needed() {
    return !this.hasChoiceTarget || this.choiceTarget.checked;
  }

  check(event) {
    if (!this.needed || this.inputTarget.value.trim() === this.codeValue) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    this.messageTarget.hidden = false;
    this.inputTarget.setAttribute("aria-invalid", "true");
    this.inputTarget.focus();
  }

  type() {
    this.messageTarget.hidden = true;
    this.inputTarget.removeAttribute("aria-invalid");
  }
}
