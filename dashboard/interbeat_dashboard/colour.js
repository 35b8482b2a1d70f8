/** The correlation map PRGn, from -1 to +1: five stops a theme, as red, green, blue. */
const STOPS = {
  light: ["762A83", "C2A5CF", "F7F7F7", "A6DBA0", "1B7837"],
  dark: ["D7A4E8", "775C86", "1E2329", "3C6A45", "6FCF7C"],
};
const SHADES = 255;

/** @param {string} hex */
const channels = (hex) => [0, 2, 4].map((at) => parseInt(hex.slice(at, at + 2), 16));

/** The colour of a correlation as [red, green, blue]. @param {"light" | "dark"} theme
 * @param {number} r between -1 and +1 */
export function correlationColour(theme, r) {
  const stops = STOPS[theme];
  const place = ((Math.min(1, Math.max(-1, r)) + 1) / 2) * (stops.length - 1);
  const low = Math.min(Math.floor(place), stops.length - 2);
  const [from, to] = [channels(stops[low]), channels(stops[low + 1])];
  return from.map((value, i) => Math.round(value + (place - low) * (to[i] - value)));
}

/** All shades of the map, three bytes each: `shadeIndex` says where. @param {"light" | "dark"} theme */
export function correlationShades(theme) {
  const bytes = new Uint8Array(3 * (SHADES + 1));
  for (let i = 0; i <= SHADES; i++) {
    bytes.set(correlationColour(theme, (2 * i) / SHADES - 1), 3 * i);
  }
  return bytes;
}

/** Where the colour of a correlation starts in `correlationShades`. @param {number} r */
export function shadeIndex(r) {
  return 3 * Math.round(((Math.min(1, Math.max(-1, r)) + 1) / 2) * SHADES);
}
