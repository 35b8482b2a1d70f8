/**
 * Draw in the browser's frames, and on average not more often than every `least_ms`: whatever
 * arrives in between is drawn together.
 *
 * @param {() => void} draw @param {() => number} least_ms
 */
export function paced(draw, least_ms) {
  let due_ms = 0;
  let asked = false;

  function frame() {
    requestAnimationFrame((frame_ms) => {
      asked = false;
      // Counting from the moment that was due, not from this frame, keeps step with the data.
      due_ms = Math.max(due_ms, frame_ms - least_ms() / 2) + least_ms();
      draw();
    });
  }

  return () => {
    if (asked) return;
    asked = true;
    const wait_ms = due_ms - performance.now();
    if (wait_ms > 0) setTimeout(frame, wait_ms);
    else frame();
  };
}
