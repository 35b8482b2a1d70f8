/** @import { Hello } from "./types.d.ts" */
import { ask } from "./api.js";
import { byId, make, setText } from "./dom.js";

/** What a demo says of the minutes before it, and the way to another one. */
export function sceneForm() {
  const form = /** @type {HTMLFormElement} */ (byId("scene-form"));
  const choice = /** @type {HTMLSelectElement} */ (byId("scene"));
  const button = /** @type {HTMLButtonElement} */ (form.querySelector("button"));
  /** @type {Hello | null} */
  let shown = null;

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (shown === null) return;
    const { id, labels } = shown.session;
    button.disabled = true;
    try {
      const { run } = await ask("POST", "/api/sessions", {
        scene: choice.value,
        labels,
        instead_of: id,
      });
      location.assign(`/run/${encodeURIComponent(run)}`);
    } catch (error) {
      setText(byId("scene-problem"), error instanceof Error ? error.message : String(error));
      button.disabled = false;
    }
  });

  return {
    /** @param {Hello} hello */
    show(hello) {
      shown = hello;
      const { before } = hello.session;
      byId("demo-note").hidden = before === null && hello.scenes.length === 0;
      setText(byId("demo-before"), before ?? "");
      form.hidden = hello.scenes.length === 0;
      if (choice.childElementCount === hello.scenes.length) return;
      choice.replaceChildren(
        ...hello.scenes.map(({ id, name }) => make("option", { value: id }, name)),
      );
      // The one after this one: a newcomer sees them all by pressing the button again and again.
      const now = hello.scenes.findIndex(({ id }) => id === hello.session.scene);
      // A demo without a name is most like the first.
      choice.selectedIndex = (Math.max(now, 0) + 1) % hello.scenes.length;
    },
  };
}
