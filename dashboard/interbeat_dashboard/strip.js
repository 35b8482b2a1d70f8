/** @import { Settings, View } from "./types.d.ts" */
/** @import { Run } from "./state.js" */
import { correlationShades, shadeIndex } from "./colour.js";
import { colour, make, plotMargins, setText } from "./dom.js";
import { firstFrom } from "./series.js";
import { theme } from "./theme.js";

const HATCH_PX = 6;
/** The words "not yet known" need this much room. */
const LEAST_UNKNOWN_PX = 40;

/**
 * The correlation by lag as a moving picture: one column a hop at the centre of its window, the
 * lag upwards with "a first" above, hatched where a value is missing. Colour scale fixed at -1 to +1.
 *
 * @param {HTMLElement} element holds the canvas and the words of the uncovered edge
 */
export function lagStrip(element) {
  const canvas = make("canvas", { "aria-hidden": "true" });
  const unknown = make("div", { class: "strip-unknown" }, "not yet known");
  const waiting = make("p", { class: "chart-waiting" });
  element.append(canvas, unknown, waiting);
  const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  const picture = cellPictures();
  let hatch = hatchPattern(pen);
  let inks = ruleInks();

  return {
    /** @param {Run} run @param {View} view */
    draw(run, view) {
      const settings = run.hello?.settings;
      if (!settings) return;
      const box = fit(canvas, element);
      pen.clearRect(0, 0, canvas.width, canvas.height);
      const { left, right } = plotMargins();
      const plot = { left, top: 0, width: box.width - left - right, height: box.height };
      const start = Math.max(0, firstFrom(run.columns.t, view.from_s - settings.hop_s));
      const t = run.columns.t.slice(start);
      const scale = devicePixelRatio;
      pen.save();
      pen.scale(scale, scale);
      pen.beginPath();
      pen.rect(plot.left, plot.top, plot.width, plot.height);
      pen.clip();
      if (t.length > 0) {
        picture.render(t, run.columns.r.slice(start), settings);
        picture.paint(pen, hatch, view, plot, settings);
      }
      drawRules(pen, inks, run, view, plot, covered(run, view, settings));
      pen.restore();
      showEdge(run, view, settings, plot);
    },
    recolour() {
      hatch = hatchPattern(pen);
      inks = ruleInks();
      picture.forget();
    },
  };

  /**
   * @param {Run} run @param {View} view @param {Settings} settings
   * @param {{ left: number, width: number }} plot
   */
  function showEdge(run, view, settings, plot) {
    const last_s = run.columns.t.at(-1);
    waiting.hidden = last_s !== undefined;
    if (last_s === undefined) {
      setText(waiting, `The first column needs ${settings.window_s} s of both hearts.`);
      unknown.hidden = true;
      return;
    }
    const share = covered(run, view, settings);
    const width = (1 - share) * plot.width;
    unknown.hidden = width < LEAST_UNKNOWN_PX;
    unknown.style.left = `${plot.left + share * plot.width}px`;
    unknown.style.width = `${width}px`;
  }
}

/** The share of the window up to the end of the newest column.
 * @param {Run} run @param {View} view @param {Settings} settings */
function covered(run, view, settings) {
  const last_s = run.columns.t.at(-1);
  if (last_s === undefined) return 0;
  const share = (last_s + settings.hop_s / 2 - view.from_s) / view.window_s;
  return Math.min(1, Math.max(0, share));
}

/** Give the canvas the pixels of its place on the screen.
 * @param {HTMLCanvasElement} canvas @param {HTMLElement} element */
function fit(canvas, element) {
  const width = element.clientWidth;
  const height = element.clientHeight;
  const [wide, high] = [width, height].map((px) => Math.round(px * devicePixelRatio));
  if (canvas.width !== wide || canvas.height !== high) {
    canvas.width = wide;
    canvas.height = high;
  }
  return { width, height };
}

/**
 * Two small pictures of one pixel a cell: the colours, with missing cells filled from their
 * neighbours so that smoothing does not fade towards them, and a mask of the missing cells, which
 * stays sharp.
 */
function cellPictures() {
  const colours = make("canvas");
  const mask = make("canvas");
  const layer = make("canvas");
  let rendered = "";
  let first_s = 0;

  return {
    forget() {
      rendered = "";
    },
    /** @param {number[]} t @param {(number | null)[][]} r @param {Settings} settings */
    render(t, r, { hop_s, lag_s }) {
      const wanted = `${t[0]} ${t.at(-1)} ${t.length} ${theme()}`;
      if (wanted === rendered) return;
      rendered = wanted;
      first_s = t[0];
      const width = Math.round((t[t.length - 1] - t[0]) / hop_s) + 1;
      const height = lag_s.length;
      for (const each of [colours, mask]) Object.assign(each, { width, height });
      const shades = correlationShades(theme());
      const cells = new ImageData(width, height);
      const missing = new ImageData(width, height);
      t.forEach((t_s, i) => {
        const x = Math.round((t_s - first_s) / hop_s);
        paintColumn(cells, missing, x, r[i], shades);
      });
      colours.getContext("2d")?.putImageData(cells, 0, 0);
      mask.getContext("2d")?.putImageData(missing, 0, 0);
    },
    /**
     * @param {CanvasRenderingContext2D} pen @param {CanvasPattern | null} hatch @param {View} view
     * @param {{ left: number, top: number, width: number, height: number }} plot
     * @param {Settings} settings
     */
    paint(pen, hatch, view, plot, { hop_s }) {
      const px_per_s = plot.width / view.window_s;
      const x = plot.left + (first_s - hop_s / 2 - view.from_s) * px_per_s;
      const width = colours.width * hop_s * px_per_s;
      pen.imageSmoothingEnabled = true;
      pen.imageSmoothingQuality = "high";
      pen.drawImage(colours, x, plot.top, width, plot.height);
      if (hatch === null) return;
      layer.width = pen.canvas.width;
      layer.height = pen.canvas.height;
      const above = /** @type {CanvasRenderingContext2D} */ (layer.getContext("2d"));
      above.scale(devicePixelRatio, devicePixelRatio);
      above.imageSmoothingEnabled = false;
      above.drawImage(mask, x, plot.top, width, plot.height);
      above.globalCompositeOperation = "source-in";
      hatch.setTransform(new DOMMatrix().translate(x % HATCH_PX, 0).scale(1 / HATCH_SCALE));
      above.fillStyle = hatch;
      above.fillRect(0, 0, plot.left + plot.width, plot.height);
      pen.drawImage(layer, 0, 0, layer.width / devicePixelRatio, layer.height / devicePixelRatio);
    },
  };
}

/**
 * One column, the largest lag on top. A missing cell takes the colour of the nearest known one
 * and goes into the mask.
 *
 * @param {ImageData} cells @param {ImageData} missing @param {number} x
 * @param {(number | null)[]} r @param {Uint8Array} shades
 */
function paintColumn(cells, missing, x, r, shades) {
  const { width, height, data } = cells;
  for (let lag = 0; lag < height; lag++) {
    const at = 4 * ((height - 1 - lag) * width + x);
    const value = r[lag] ?? nearestKnown(r, lag);
    if (value !== null) {
      const shade = shadeIndex(value);
      data[at] = shades[shade];
      data[at + 1] = shades[shade + 1];
      data[at + 2] = shades[shade + 2];
      data[at + 3] = 255;
    }
    if (r[lag] === null) missing.data[at + 3] = 255;
  }
}

/** @param {(number | null)[]} r @param {number} lag */
function nearestKnown(r, lag) {
  for (let away = 1; away < r.length; away++) {
    const value = r[lag - away] ?? r[lag + away] ?? null;
    if (value !== null) return value;
  }
  return null;
}

const HATCH_SCALE = 4;

/** @param {CanvasRenderingContext2D} pen */
function hatchPattern(pen) {
  const tile = make("canvas");
  const side = HATCH_PX * HATCH_SCALE;
  Object.assign(tile, { width: side, height: side });
  const ink = /** @type {CanvasRenderingContext2D} */ (tile.getContext("2d"));
  ink.fillStyle = colour("ground");
  ink.fillRect(0, 0, side, side);
  ink.strokeStyle = colour("hatch");
  ink.lineWidth = HATCH_SCALE;
  ink.beginPath();
  for (const shift of [-side, 0, side]) {
    ink.moveTo(shift - HATCH_SCALE, side + HATCH_SCALE);
    ink.lineTo(shift + side + HATCH_SCALE, -HATCH_SCALE);
  }
  ink.stroke();
  return pen.createPattern(tile, "repeat");
}

const ruleInks = () => ({ sameTime: colour("ink-3"), mark: colour("ink") });

/**
 * The line of "same time" and the lines of the markers.
 *
 * @param {CanvasRenderingContext2D} pen @param {ReturnType<typeof ruleInks>} inks
 * @param {Run} run @param {View} view
 * @param {{ left: number, top: number, width: number, height: number }} plot
 * @param {number} share of the window that columns cover
 */
function drawRules(pen, inks, run, view, plot, share) {
  pen.lineWidth = 1;
  pen.strokeStyle = inks.sameTime;
  pen.globalAlpha = 0.6;
  pen.setLineDash([1, 4]);
  pen.beginPath();
  pen.moveTo(plot.left, plot.height / 2);
  pen.lineTo(plot.left + share * plot.width, plot.height / 2);
  pen.stroke();
  pen.setLineDash([]);
  pen.globalAlpha = 0.35;
  pen.strokeStyle = inks.mark;
  for (const { at_s } of run.marks) {
    if (at_s < view.from_s || at_s > view.now_s) continue;
    const x = plot.left + ((at_s - view.from_s) / view.window_s) * plot.width;
    pen.beginPath();
    pen.moveTo(x, 0);
    pen.lineTo(x, plot.height);
    pen.stroke();
  }
  pen.globalAlpha = 1;
}
