const KEY = "interbeat-theme";
const dark = matchMedia("(prefers-color-scheme: dark)");
/** @type {Set<() => void>} */
const listeners = new Set();

/** The theme in force: chosen here, else the system's. @returns {"light" | "dark"} */
export function theme() {
  const chosen = document.documentElement.dataset.theme;
  if (chosen === "light" || chosen === "dark") return chosen;
  return dark.matches ? "dark" : "light";
}

/** Call back after every change of theme. @param {() => void} listener */
export function onTheme(listener) {
  listeners.add(listener);
}

/** Let a button switch between light and dark. @param {HTMLElement} button */
export function themeButton(button) {
  const label = () => {
    const other = theme() === "dark" ? "light" : "dark";
    button.setAttribute("aria-label", `Switch to ${other} colours`);
    button.title = `Switch to ${other} colours`;
  };
  button.addEventListener("click", () => choose(theme() === "dark" ? "light" : "dark"));
  onTheme(label);
  label();
}

/** @param {"light" | "dark"} name */
function choose(name) {
  document.documentElement.dataset.theme = name;
  try {
    localStorage.setItem(KEY, name);
  } catch {
    // A browser that forbids storage forgets the choice with the page.
  }
  for (const listener of listeners) listener();
}

function remembered() {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}

const chosen = remembered();
if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
dark.addEventListener("change", () => {
  for (const listener of listeners) listener();
});
