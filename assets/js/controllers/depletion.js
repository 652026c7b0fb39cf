import { Controller } from "@hotwired/stimulus";
import uPlot from "uplot";

const HEIGHT = 232;
const COLOURS = { data: "--series-1", voice: "--series-2", sms: "--series-3", money: "--series-4" };
const DASHES = { data: [], voice: [9, 4], sms: [3, 3], money: [9, 3, 2, 3] };

/**
 * The depletion chart: what is left of each balance, day by day.
 *
 * `data-depletion-data-value` is JSON: `days` (numbers), `series` [{label, service, left (percent per
 * day)}], `thresholds` (percents, dashed lines), `notifications` [{day, percent, label}] (dots). A morph
 * that changes the attribute redraws without a reload; put `hx-morph-skip-children` on the canvas target.
 */
export default class extends Controller {
  static targets = ["canvas", "readout"];
  static values = { data: Object };

  connect() {
    this.draw();
    this.resizes = new ResizeObserver(() => this.plot?.setSize(this.size()));
    this.resizes.observe(this.canvasTarget);
    this.redraw = () => this.draw();
    addEventListener("theme:change", this.redraw);
  }

  disconnect() {
    this.resizes.disconnect();
    removeEventListener("theme:change", this.redraw);
    this.plot?.destroy();
  }

  dataValueChanged() {
    if (this.plot) this.draw();
  }

  draw() {
    this.plot?.destroy();
    this.plot = new uPlot(this.options(), this.columns(), this.canvasTarget);
  }

  size() {
    return { width: this.canvasTarget.clientWidth, height: HEIGHT };
  }

  columns() {
    const { days = [], series = [] } = this.dataValue;
    return [days, ...series.map((line) => line.left)];
  }

  options() {
    const { series = [] } = this.dataValue;
    const grid = { stroke: this.colour("--line"), width: 1 };
    const axis = { stroke: this.colour("--text-muted"), grid, ticks: { show: false }, font: this.font() };
    return {
      ...this.size(),
      padding: [10, 26, 0, 0],
      legend: { show: false },
      cursor: { y: false, drag: { x: false, y: false } },
      scales: { x: { time: false }, y: { range: [0, 100] } },
      axes: [
        { ...axis, values: (_, days) => days.map((day) => (Number.isInteger(day) ? `day ${day}` : "")), space: 64, size: 30 },
        { ...axis, values: (_, shares) => shares.map((share) => `${share} %`), size: 52 },
      ],
      series: [{}, ...series.map((line, position) => this.line(line, position))],
      hooks: {
        draw: [(plot) => this.drawThresholds(plot), (plot) => this.drawNotifications(plot)],
        setCursor: [(plot) => this.read(plot)],
      },
    };
  }

  line({ label, service }, position) {
    const colour = this.colour(COLOURS[service] ?? "--text-muted");
    return {
      label,
      stroke: colour,
      width: 2,
      dash: DASHES[service],
      fill: position === 0 ? `${colour}17` : undefined,
      points: { show: false },
    };
  }

  drawThresholds({ ctx, bbox, valToPos }) {
    ctx.save();
    ctx.setLineDash([5, 4]);
    ctx.lineWidth = devicePixelRatio;
    ctx.strokeStyle = this.colour("--warn");
    for (const share of this.dataValue.thresholds ?? []) {
      const y = Math.round(valToPos(share, "y", true)) + 0.5;
      ctx.beginPath();
      ctx.moveTo(bbox.left, y);
      ctx.lineTo(bbox.left + bbox.width, y);
      ctx.stroke();
    }
    ctx.restore();
  }

  drawNotifications({ ctx, valToPos }) {
    ctx.save();
    ctx.setLineDash([]);
    ctx.fillStyle = this.colour("--warn");
    ctx.strokeStyle = this.colour("--surface");
    ctx.lineWidth = 2 * devicePixelRatio;
    for (const { day, percent } of this.dataValue.notifications ?? []) {
      ctx.beginPath();
      ctx.arc(valToPos(day, "x", true), valToPos(percent, "y", true), 4.5 * devicePixelRatio, 0, 2 * Math.PI);
      ctx.fill();
      ctx.stroke();
    }
    ctx.restore();
  }

  read({ cursor }) {
    if (!this.hasReadoutTarget) return;
    const { days = [], series = [] } = this.dataValue;
    if (cursor.idx == null) {
      this.readoutTarget.textContent = "";
      return;
    }
    const shares = series.map((line) => `${line.label} ${Math.round(line.left[cursor.idx])} %`);
    this.readoutTarget.textContent = `Day ${days[cursor.idx]}: ${shares.join(" · ")}`;
  }

  colour(token) {
    return getComputedStyle(document.documentElement).getPropertyValue(token).trim();
  }

  font() {
    return `12px ${this.colour("--font-text")}`;
  }
}
