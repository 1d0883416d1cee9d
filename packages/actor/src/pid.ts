declare const accepts: unique symbol;

/**
 * The address of a process: to be linked, monitored, stopped, and sent what it accepts. Two pids are the same process when
 * they are `===`; a pid is never reused and outlives its process.
 *
 * Contravariant in `Message`: every pid is a `Pid` (that is `Pid<never>`), which can be watched and stopped but sent nothing.
 * @see Erlang reference manual, "Processes"
 */
export interface Pid<in Message = never> {
  /** Unique within the system, counted from 1. */
  readonly id: number;
  /** Exists in types alone: keeps a look-alike from passing for a pid, and says what may be sent. */
  readonly [accepts]: (message: Message) => void;
  toString(): string;
}

let open: (pid: object) => object;

/** What a `Pid` is at run time: its process is reached by this package alone, and is not printed or compared with it. */
class Address {
  readonly id: number;
  readonly #process: object;

  static {
    open = (pid): object => {
      if (typeof pid !== 'object' || pid === null || !(#process in pid)) {
        throw new TypeError(`Expected a pid, got ${describe(pid)}`);
      }
      return pid.#process;
    };
  }

  constructor(id: number, process: object) {
    this.id = id;
    this.#process = process;
  }

  toString(): string {
    return `#Pid<${this.id}>`;
  }

  toJSON(): string {
    return this.toString();
  }
}

export function createPid<Message>(id: number, process: object): Pid<Message> {
  return new Address(id, process) as unknown as Pid<Message>;
}

/** The process behind a pid, as `process.ts` made it. Throws a `TypeError` for anything that is not a pid. */
export function processOf(pid: Pid): object {
  return open(pid);
}

export function isPid(value: unknown): value is Pid {
  return value instanceof Address;
}

/** Names one monitor, timer or request; equal to itself alone. */
export class Ref {
  toString(): string {
    return '#Ref<>';
  }
}

/** A value as an error message shows it: its kind and a bounded piece of it. */
export function describe(value: unknown): string {
  if (value === null || value === undefined) {
    return String(value);
  }
  if (typeof value === 'function') {
    return `function ${value.name || '(anonymous)'}`;
  }
  const text = typeof value === 'object' ? describeObject(value) : JSON.stringify(value);
  return `${clip(text ?? String(value))} (${typeof value})`;
}

function describeObject(value: object): string {
  if (value instanceof Error) {
    return String(value);
  }
  try {
    return JSON.stringify(value);
  } catch {
    // A cycle, or a throwing toJSON.
    return Object.prototype.toString.call(value);
  }
}

function clip(text: string): string {
  return text.length > 120 ? `${text.slice(0, 119)}…` : text;
}
