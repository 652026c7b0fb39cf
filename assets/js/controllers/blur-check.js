import { Controller } from "@hotwired/stimulus";

/**
 * Has the server check a field when it is left, once something was typed in it.
 *
 * The whole form is posted to `url` with `?f=` the field's name; the answer's element
 * `id_<name>_field` replaces the one on the page, so that its message appears or goes.
 */
export default class extends Controller {
  static values = { url: String };

  initialize() {
    this.touched = new WeakSet();
  }

  typed({ target }) {
    this.touched.add(target);
  }

  left({ target }) {
    if (!this.touched.has(target) && target.getAttribute("aria-invalid") !== "true") return;
    const name = target.name.replace(/_unit$/, "");
    const field = document.getElementById(`id_${name}_field`) ?? target.closest('[id$="_field"]');
    if (!field) return;
    const selector = `[id="${field.id}"]`;
    window.htmx.ajax("POST", `${this.urlValue}?f=${encodeURIComponent(name)}`, {
      source: target,
      target: selector,
      select: selector,
      swap: "outerMorph",
    });
  }
}
