import type { TimeoutHandle } from '@reprise/actor';

import { currentHost, type NodeHost } from './node-host.ts';

type Callback = (...given: readonly unknown[]) => unknown;

/** The longest wait of a timer of Node; it takes a longer one for 1 ms. */
const longest = 2 ** 31 - 1;

/** A run ends with its test program: whether a timer keeps it alive is only remembered. */
class Referenced {
  #isReferenced = true;

  ref(): this {
    this.#isReferenced = true;
    return this;
  }

  unref(): this {
    this.#isReferenced = false;
    return this;
  }

  hasRef(): boolean {
    return this.#isReferenced;
  }
}

/** The `Timeout` that `setTimeout` and `setInterval` return in a node, on the node's clock. */
export class NodeTimeout extends Referenced {
  readonly #node: NodeHost;
  readonly #callback: Callback;
  readonly #given: readonly unknown[];
  readonly #ms: number;
  readonly #repeats: boolean;
  #handle: TimeoutHandle | undefined = undefined;
  #id: number | undefined = undefined;

  constructor(
    node: NodeHost,
    callback: Callback,
    options: { ms: unknown; given: readonly unknown[]; repeats: boolean },
  ) {
    super();
    this.#node = node;
    this.#callback = callback;
    this.#given = options.given;
    this.#ms = waitOf(options.ms);
    this.#repeats = options.repeats;
    this.#start();
  }

  close(): this {
    if (this.#handle !== undefined) {
      this.#node.clock.clearTimeout(this.#handle);
      this.#handle = undefined;
    }
    if (this.#id !== undefined) {
      idsOf(this.#node).delete(this.#id);
    }
    return this;
  }

  refresh(): this {
    if (this.#handle !== undefined) {
      this.#node.clock.clearTimeout(this.#handle);
    }
    this.#start();
    return this;
  }

  [Symbol.toPrimitive](): number {
    if (this.#id === undefined) {
      this.#id = idsOf(this.#node).add(this);
    }
    return this.#id;
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #start(): void {
    this.#handle = this.#node.clock.setTimeout(this.#fire, this.#ms);
  }

  readonly #fire = (): void => {
    const fired = this.#handle;
    try {
      this.#callback.apply(this, [...this.#given]);
    } finally {
      // As Node does, it waits again from the end of the callback on, unless that has closed it.
      if (this.#handle === fired) {
        this.#handle = undefined;
        if (this.#repeats) {
          this.#start();
        }
      }
    }
  };
}

/** The `Immediate` that `setImmediate` returns in a node. */
export class NodeImmediate extends Referenced {
  #callback: Callback | undefined;

  constructor(node: NodeHost, callback: Callback, given: readonly unknown[]) {
    super();
    this.#callback = callback;
    node.clock.setImmediate(() => this.#callback?.(...given));
  }

  close(): void {
    this.#callback = undefined;
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** Clears a timer of a node, or the number of one; false if it is neither. */
export function clearNodeTimeout(timer: unknown): boolean {
  if (timer instanceof NodeTimeout) {
    timer.close();
    return true;
  }
  const node = currentHost();
  if (node === undefined || (typeof timer !== 'number' && typeof timer !== 'string')) {
    return false;
  }
  idsOf(node).find(Number(timer))?.close();
  return true;
}

/** As Node reads it: whole ms, at least 1. */
function waitOf(ms: unknown): number {
  const wait = Number(ms);
  return wait >= 1 && wait <= longest ? Math.trunc(wait) : 1;
}

/** The timers whose number was asked for. */
class TimerIds {
  readonly #timers: Map<number, NodeTimeout> = new Map();
  #last = 0;

  add(timer: NodeTimeout): number {
    this.#last += 1;
    this.#timers.set(this.#last, timer);
    return this.#last;
  }

  find(id: number): NodeTimeout | undefined {
    return this.#timers.get(id);
  }

  delete(id: number): void {
    this.#timers.delete(id);
  }
}

/** By node: the numbers must not depend on the runs before. */
const ids: WeakMap<NodeHost, TimerIds> = new WeakMap();

function idsOf(node: NodeHost): TimerIds {
  const known = ids.get(node) ?? new TimerIds();
  ids.set(node, known);
  return known;
}
