import assert from "node:assert/strict";
import { test } from "node:test";
import { sessionClock } from "../../dashboard/interbeat_dashboard/clock.js";

test("session time is unknown before the first answer", () => {
  assert.equal(sessionClock().at(1000), null);
});

test("half the way lies between the question and the server's clock", () => {
  const clock = sessionClock();
  clock.answer(clock.ask(1000), 50, 1200);
  assert.equal(clock.at(1100), 50);
  assert.equal(clock.at(3100), 52);
});

test("the quickest answer sets the clock", () => {
  const clock = sessionClock();
  clock.answer(clock.ask(1000), 50.0, 1010);
  clock.answer(clock.ask(2000), 51.9, 2900);
  assert.ok(Math.abs(clock.at(2000) - 50.995) < 1e-9);
});

test("a session that runs faster passes more time between two moments of the page", () => {
  const clock = sessionClock();
  clock.answer(clock.ask(1000), 50, 1000);
  assert.equal(clock.at(3000, 20), 90);
});

test("an answer nobody asked for changes nothing", () => {
  const clock = sessionClock();
  clock.answer(7, 99, 1000);
  assert.equal(clock.at(1000), null);
});

test("a new connection begins without the old answers", () => {
  const clock = sessionClock();
  clock.answer(clock.ask(1000), 50, 1010);
  clock.reset();
  assert.equal(clock.at(2000), null);
});
