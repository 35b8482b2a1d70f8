/** Swap the one-time code of the address for a cookie, then open the page that was asked for. */
async function enter() {
  const code = location.hash.slice(1);
  if (code === "") return "Open the address that interbeat printed in the terminal.";
  // The code leaves the address at once, so that no history or screenshot keeps it.
  history.replaceState(null, "", location.pathname);
  let response;
  try {
    response = await fetch("/api/enter", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ code }),
    });
  } catch {
    return "interbeat does not answer. Is it still running in the terminal?";
  }
  if (response.ok) {
    location.replace(location.pathname);
    return "";
  }
  return "This link was used before or is too old. Open the newest address printed in the terminal.";
}

const sentence = await enter();
if (sentence !== "") {
  const text = document.getElementById("door-text");
  if (text) text.textContent = sentence;
  document.getElementById("door")?.removeAttribute("hidden");
}
export {};
