declare const accepts: unique symbol;

/**
 * The address of a process: to be linked, monitored, stopped, and sent what it accepts. Two pids
 * are the same process when they are `===`; a pid is never reused and outlives its process.
 *
 * Contravariant in `Message`: every pid is a `Pid` (that is `Pid<never>`), which can be watched and
 * stopped but sent nothing.
 * @see Erlang reference manual, "Processes"
 */
export interface Pid<in Message = never> {
  /** Unique within the system, counted from 1. */
  readonly id: number;
  /**
   * Exists in types alone: keeps a look-alike from passing for a pid, and says what may be sent.
   */
  readonly [accepts]: (message: Message) => void;
  toString(): string;
}

let open: (pid: unknown) => object | undefined;

/**
 * What a `Pid` is at run time: its process is reached by this package alone, and is not printed or
 * compared with it.
 */
class Address {
  readonly id: number;
  readonly #process: object;

  static {
    open = (pid) =>
      typeof pid === 'object' && pid !== null && #process in pid ? pid.#process : undefined;
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

/** The process behind a pid, as `process.ts` made it; `undefined` for anything that is no pid. */
export function processOf(pid: unknown): object | undefined {
  return open(pid);
}

export function isPid(value: unknown): value is Pid {
  return open(value) !== undefined;
}

/** Names one monitor; equal to itself alone. */
export class Ref {
  toString(): string {
    return '#Ref<>';
  }
}
