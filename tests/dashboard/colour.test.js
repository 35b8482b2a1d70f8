import assert from "node:assert/strict";
import { test } from "node:test";
import {
  correlationColour,
  correlationShades,
  shadeIndex,
} from "../../dashboard/interbeat_dashboard/colour.js";

test("the ends and the middle of the map are the fixed colours", () => {
  assert.deepEqual(correlationColour("light", -1), [0x76, 0x2a, 0x83]);
  assert.deepEqual(correlationColour("light", 0), [0xf7, 0xf7, 0xf7]);
  assert.deepEqual(correlationColour("light", 1), [0x1b, 0x78, 0x37]);
  assert.deepEqual(correlationColour("dark", 0), [0x1e, 0x23, 0x29]);
});

test("a value beyond the scale takes the colour of its end", () => {
  assert.deepEqual(correlationColour("dark", 1.2), correlationColour("dark", 1));
  assert.equal(shadeIndex(-7), 0);
});

test("the table of shades holds the same colours as the map", () => {
  const shades = correlationShades("light");
  for (const r of [-1, -0.5, 0.2, 1]) {
    const at = shadeIndex(r);
    const wanted = correlationColour("light", r);
    const found = [...shades.slice(at, at + 3)];
    assert.ok(
      found.every((value, i) => Math.abs(value - wanted[i]) <= 2),
      `${r}: ${found}`,
    );
  }
});
