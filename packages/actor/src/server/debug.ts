import { isA } from '../brand.ts';
import { describe } from '../describe.ts';
import { type Cell, nameOf } from '../process/cell.ts';
import { loggerFor } from '../process/extras.ts';
import { type Pid } from '../process/pid.ts';
import { CallMessage, CastMessage } from './messages.ts';

/** A message as its sender wrote it. */
export type Received =
  | { readonly type: 'call'; readonly request: string; readonly payload: unknown }
  | { readonly type: 'cast'; readonly request: string; readonly payload: unknown }
  | { readonly type: 'info'; readonly message: unknown };

/**
 * An event of a server. First a message comes `in`, or the server goes on with the value of
 * `{ continue }`; then a reply goes `out`, or none does. An answer that stops the server is no
 * event, but its reply is.
 * @see OTP manual, `sys:system_event()`
 */
export type DebugEvent =
  | { readonly type: 'in'; readonly message: Received }
  | { readonly type: 'continue'; readonly value: unknown }
  | { readonly type: 'out'; readonly value: unknown; readonly state: unknown }
  | { readonly type: 'noreply'; readonly state: unknown };

/** Answer of a hook that wants to be removed. */
export const done: unique symbol = Symbol.for('reprise.done') as typeof done;

/**
 * Called with every event of a server, in the turn of the server, and with its own last answer as
 * `state`. A hook that throws is reported and removed.
 * @see OTP manual, `sys:dbg_fun()`
 */
export type Hook<State> = (state: State, event: DebugEvent, server: Pid) => State | typeof done;

/** A hook with any state. */
export type AnyHook = (state: never, event: DebugEvent, server: Pid) => unknown;

interface Answered {
  readonly type: string;
  readonly value?: unknown;
  readonly state?: unknown;
}

/** The hooks of one server, in the order installed. Made for the first hook. */
export class Debug {
  readonly #cell: Cell;
  readonly #emptied: () => void;
  readonly #states: Map<AnyHook, unknown> = new Map();

  /** `emptied` is called when the last hook has been removed. */
  constructor(cell: Cell, emptied: () => void) {
    this.#cell = cell;
    this.#emptied = emptied;
  }

  has(hook: AnyHook): boolean {
    return this.#states.has(hook);
  }

  set<State>(hook: Hook<State>, state: State): void {
    this.#states.set(hook, state);
  }

  get<State>(hook: Hook<State>): State | undefined {
    return this.#states.get(hook) as State | undefined;
  }

  delete(hook: AnyHook): void {
    this.#states.delete(hook);
    if (this.#states.size === 0) {
      this.#emptied();
    }
  }

  /** A message comes in. */
  received(message: unknown): void {
    this.#show({ type: 'in', message: receivedFrom(message) });
  }

  /** The server goes on with the value of `{ continue }`. */
  continues(value: unknown): void {
    this.#show({ type: 'continue', value });
  }

  /** A callback has answered. */
  answered({ type, value, state }: Answered): void {
    if (type === 'reply' || type === 'stopReply') {
      this.#show({ type: 'out', value, state });
    } else if (type === 'noreply') {
      this.#show({ type, state });
    }
  }

  #show(event: DebugEvent): void {
    for (const [hook, state] of this.#states) {
      this.#call(hook, state, event);
    }
  }

  #call(hook: AnyHook, state: unknown, event: DebugEvent): void {
    try {
      const next = (hook as Hook<unknown>)(state, event, this.#cell.pid);
      if (next === done) {
        this.delete(hook);
      } else {
        this.#states.set(hook, next);
      }
    } catch (error) {
      this.delete(hook);
      loggerFor(this.#cell).warn(
        { err: error },
        `${nameOf(this.#cell)}: a debug hook failed and was removed`,
      );
    }
  }
}

function receivedFrom(message: unknown): Received {
  if (isA(message, CallMessage) || isA(message, CastMessage)) {
    const { request, payload } = message;
    return { type: isA(message, CallMessage) ? 'call' : 'cast', request, payload };
  }
  return { type: 'info', message };
}

/** An event in one line, for a person. */
export function formatEvent(event: DebugEvent): string {
  switch (event.type) {
    case 'in':
      return `got ${formatReceived(event.message)}`;
    case 'continue':
      return `continues with ${describe(event.value)}`;
    case 'out':
      return `replied ${describe(event.value)}, new state ${describe(event.state)}`;
    case 'noreply':
      return `new state ${describe(event.state)}`;
    default:
      return describe(event satisfies never);
  }
}

function formatReceived(received: Received): string {
  if (received.type === 'info') {
    return `message ${describe(received.message)}`;
  }
  const { type, request, payload } = received;
  return `${type} ${request}${payload === undefined ? '' : ` ${describe(payload)}`}`;
}
