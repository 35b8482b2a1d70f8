import assert from "node:assert/strict";
import { test } from "node:test";
import { follow, sequence } from "../../dashboard/interbeat_dashboard/socket.js";
import { hello, tick } from "./messages.js";

/** A server as the page sees it: sockets that were opened, and waits that can be ended. */
function scripted() {
  const sockets = [];
  const waits = [];
  const taken = [];
  const losses = [];
  const time = { now_ms: 0 };
  const feed = follow({
    url: "/ws/x",
    onMessages: (messages) => taken.push(...messages),
    onOpen: () => {},
    onLost: (attempts, code) => losses.push([attempts, code]),
    connect: (url) => {
      const socket = {
        url,
        readyState: 1,
        sent: [],
        send: (text) => socket.sent.push(text),
        close: () => {},
      };
      sockets.push(socket);
      return socket;
    },
    later: (then, ms) => waits.push({ then, ms }),
    now_ms: () => time.now_ms,
  });
  const say = (...messages) => sockets.at(-1).onmessage({ data: JSON.stringify(messages) });
  return { sockets, waits, taken, losses, time, feed, say };
}

const seqs = (messages) => messages.flatMap((m) => (m.seq === undefined ? [] : [m.seq]));

test("after a loss the page asks for what it missed", () => {
  const page = scripted();
  page.say(hello({ epoch: 3 }), tick(41, 10), tick(42, 10.25));
  page.sockets[0].onclose({ code: 1006 });
  page.waits[0].then();
  assert.equal(page.sockets[1].url, "/ws/x?epoch=3&since=42");
});

test("before any message there is nothing to resume", () => {
  const page = scripted();
  page.sockets[0].onclose({ code: 1006 });
  page.waits[0].then();
  assert.equal(page.sockets[1].url, "/ws/x");
});

test("waiting doubles up to a limit and starts anew after a message", () => {
  const page = scripted();
  for (let i = 0; i < 6; i++) {
    page.sockets.at(-1).onclose({ code: 1006 });
    page.waits.at(-1).then();
  }
  assert.deepEqual(
    page.waits.map((wait) => wait.ms),
    [500, 1000, 2000, 4000, 5000, 5000],
  );
  page.say(hello());
  page.sockets.at(-1).onclose({ code: 1006 });
  assert.equal(page.waits.at(-1).ms, 500);
});

test("a hole is asked for at once and nothing behind it is drawn", () => {
  const page = scripted();
  page.say(hello(), tick(1, 1), tick(2, 2), tick(5, 5));
  assert.equal(page.sockets[1].url, "/ws/x?epoch=1&since=2");
  page.say(hello({ resumed: true }), tick(3, 3), tick(4, 4), tick(5, 5));
  assert.deepEqual(seqs(page.taken), [1, 2, 3, 4, 5]);
});

test("a hole the server cannot fill does not keep the page from going on", () => {
  const page = scripted();
  page.say(hello(), tick(1, 1), tick(5, 5));
  page.say(hello({ resumed: true }), tick(5, 5), tick(6, 6));
  assert.equal(page.sockets.length, 2);
  assert.deepEqual(seqs(page.taken), [1, 5, 6]);
});

test("a message that comes twice is taken once", () => {
  const page = scripted();
  page.say(hello(), tick(1, 1), tick(2, 2));
  page.say(tick(2, 2), tick(3, 3));
  assert.deepEqual(seqs(page.taken), [1, 2, 3]);
});

test("a new epoch may count from anywhere", () => {
  const order = sequence();
  for (const message of [hello({ epoch: 1 }), tick(90, 1)]) order.accept(message);
  order.accept(hello({ epoch: 2 }));
  assert.equal(order.accept(tick(7, 1)), "new");
  assert.equal(order.query(), "?epoch=2&since=7");
});

test("a socket that was replaced is no longer listened to", () => {
  const page = scripted();
  page.say(hello(), tick(1, 1), tick(3, 3));
  page.sockets[0].onmessage({ data: JSON.stringify([tick(2, 2)]) });
  page.sockets[0].onclose({ code: 1000 });
  assert.deepEqual(seqs(page.taken), [1]);
  assert.deepEqual(page.losses, []);
});

test("a request without a connection is refused, not forgotten", () => {
  const page = scripted();
  assert.equal(page.feed.send({ type: "stop" }), true);
  page.sockets[0].readyState = 3;
  assert.equal(page.feed.send({ type: "stop" }), false);
  assert.equal(page.sockets[0].sent.length, 1);
});
