/** @import { Message, Request } from "./types.d.ts" */

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 5000;
/** Holes are asked for again at most this often: one that stays is taken as it is. */
const HOLE_PAUSE_MS = 10_000;

/** The server closes with this code when it does not know the run. */
export const NO_SUCH_RUN = 4404;

/**
 * Follow the order of a run's messages: what is new, and whether some are missing.
 *
 * `accept` answers "new", "old" (seen before) or "hole" (messages before it are missing).
 */
export function sequence() {
  /** @type {string | number | null} */
  let epoch = null;
  /** @type {number | null} */
  let last = null;
  return {
    /** @param {Message} message @returns {"new" | "old" | "hole"} */
    accept(message) {
      if (message.type === "hello") {
        if (!message.resumed || message.epoch !== epoch) last = null;
        epoch = message.epoch;
        return "new";
      }
      if (!("seq" in message) || message.seq === undefined) return "new";
      if (last !== null && message.seq <= last) return "old";
      if (last !== null && message.seq > last + 1) return "hole";
      last = message.seq;
      return "new";
    },
    /** Go on behind a hole that the server does not fill. @param {number} seq */
    skipTo(seq) {
      last = seq - 1;
    },
    /** The question that continues where this page stopped. */
    query() {
      if (epoch === null || last === null) return "";
      return `?epoch=${encodeURIComponent(epoch)}&since=${last}`;
    },
  };
}

/**
 * Keep a connection to a run: connect, follow the order, come back after a loss.
 *
 * @param {object} run
 * @param {string} run.url address without a query
 * @param {(messages: Message[]) => void} run.onMessages
 * @param {() => void} run.onOpen
 * @param {(attempts: number, code: number) => void} run.onLost after each failed attempt
 * @param {(url: string) => WebSocket} [run.connect]
 * @param {(then: () => void, ms: number) => unknown} [run.later]
 * @param {() => number} [run.now_ms]
 */
export function follow({
  url,
  onMessages,
  onOpen,
  onLost,
  connect = (address) => new WebSocket(address),
  later = (then, ms) => setTimeout(then, ms),
  now_ms = () => performance.now(),
}) {
  const order = sequence();
  let attempts = 0;
  let askedAgain_ms = -Infinity;
  let closed = false;
  let socket = open();

  function open() {
    const opened = connect(url + order.query());
    opened.onopen = () => {
      if (opened === socket) onOpen();
    };
    opened.onmessage = (event) => {
      if (opened !== socket) return;
      attempts = 0;
      take(JSON.parse(event.data));
    };
    opened.onclose = (event) => {
      if (closed || opened !== socket) return;
      attempts += 1;
      onLost(attempts, event.code);
      later(
        () => {
          if (!closed) socket = open();
        },
        Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (attempts - 1)),
      );
    };
    return opened;
  }

  /** @param {Message[]} messages */
  function take(messages) {
    const fresh = [];
    for (const message of messages) {
      let answer = order.accept(message);
      if (answer === "hole" && now_ms() - askedAgain_ms > HOLE_PAUSE_MS) {
        askedAgain_ms = now_ms();
        onMessages(fresh);
        return reconnect();
      }
      if (answer === "hole" && "seq" in message && message.seq !== undefined) {
        order.skipTo(message.seq);
        answer = order.accept(message);
      }
      if (answer === "new") fresh.push(message);
    }
    onMessages(fresh);
  }

  function reconnect() {
    const old = socket;
    socket = open();
    old.close();
  }

  return {
    /** Send a request; false when there is no connection. @param {Request} request */
    send(request) {
      if (socket.readyState !== 1) return false;
      socket.send(JSON.stringify(request));
      return true;
    },
    close() {
      closed = true;
      socket.close();
    },
  };
}
