import { Controller } from "@hotwired/stimulus";

const DIGITS = 12; // decimals kept while converting; what 2^30 needs is checked below

/**
 * A number with a unit: choosing another unit converts the number, exactly.
 *
 * Each option carries `data-factor`, how many base units it holds (GB 1073741824, min 60). A number
 * that has no exact short form in the new unit stays as it is in the old one, and so does the unit.
 */
export default class extends Controller {
  static targets = ["amount", "unit"];

  connect() {
    if (this.hasUnitTarget) this.factor = this.chosenFactor();
  }

  convert() {
    const factor = this.chosenFactor();
    const converted = rescale(this.amountTarget.value, this.factor, factor);
    if (converted === null) {
      const previous = [...this.unitTarget.options].find((option) => BigInt(option.dataset.factor) === this.factor);
      if (previous) previous.selected = true;
      return;
    }
    this.amountTarget.value = converted;
    this.factor = factor;
  }

  chosenFactor() {
    return BigInt(this.unitTarget.selectedOptions[0]?.dataset.factor ?? 1);
  }
}

/** `text` (a decimal number) times from/to, as text; null when that is no short exact decimal. */
export function rescale(text, from, to) {
  const match = text.trim().match(/^(\d+)(?:\.(\d*))?$/);
  if (!match) return text;
  const [, whole, fraction = ""] = match;
  const scale = 10n ** BigInt(fraction.length);
  const numerator = BigInt(whole + fraction) * from * 10n ** BigInt(DIGITS);
  const denominator = scale * to;
  if (numerator % denominator !== 0n) return null;
  const digits = (numerator / denominator).toString().padStart(DIGITS + 1, "0");
  const decimals = digits.slice(-DIGITS).replace(/0+$/, "");
  return digits.slice(0, -DIGITS) + (decimals && `.${decimals}`);
}
