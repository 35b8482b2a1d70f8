/**
 * Draw in the browser's frames, and not more often than every `least_ms`: whatever arrives in
 * between is drawn together.
 *
 * @param {() => void} draw @param {() => number} least_ms
 */
export function paced(draw, least_ms) {
  let drawn_ms = -Infinity;
  let asked = false;

  function frame() {
    requestAnimationFrame((frame_ms) => {
      asked = false;
      drawn_ms = frame_ms;
      draw();
    });
  }

  return () => {
    if (asked) return;
    asked = true;
    // A few ms early is better than waiting for the frame after.
    const wait_ms = drawn_ms + least_ms() - performance.now() - 8;
    if (wait_ms > 0) setTimeout(frame, wait_ms);
    else frame();
  };
}
