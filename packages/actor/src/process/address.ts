import { describe } from '../describe.ts';
import { type Cell, cellOfProcess, findCell, type Runtime } from './cell.ts';
import type { Pid } from './pid.ts';
import type { Process } from './process.ts';

declare const named: unique symbol;

/**
 * A name for a process, which also says what kind of process has it: `const stackName =
 * name<Stack>('stack')`. A plain value that belongs to no system; `in` makes an address of it.
 */
export interface Name<out P extends Pid = Pid> {
  readonly [named]: P;
  readonly name: string;
  /** The address of whoever has this name in `process`'s system at the time something is sent. */
  in(process: Process): Named<P>;
  toString(): string;
}

declare const addressed: unique symbol;

/** The name of a process in one system: taken wherever a pid is, and looked up each time. */
export interface Named<out P extends Pid = Pid> {
  readonly [addressed]: P;
  toString(): string;
}

declare const kept: unique symbol;

/**
 * A name that somebody other than the system keeps, as a registry does: an address, and a name to
 * start a server by.
 */
export interface Via<out P extends Pid = Pid> extends Named<P> {
  readonly [kept]: true;
}

/** Where something can be sent: a pid, or a name, looked up when the time has come. */
export type Destination<P extends Pid = Pid> = P | Named<P>;

class NameValue {
  readonly name: string;

  constructor(text: string) {
    this.name = text;
  }

  in(process: Process): Named {
    return new NamedAddress(
      cellOfProcess(process, 'process').runtime,
      this.name,
    ) as unknown as Named;
  }

  toString(): string {
    return this.name;
  }
}

/** What a `Named` is at run time. */
export class NamedAddress {
  readonly runtime: Runtime;
  readonly name: string;

  constructor(runtime: Runtime, text: string) {
    this.runtime = runtime;
    this.name = text;
  }

  get cell(): Cell | undefined {
    return this.runtime.names.get(this.name);
  }

  toString(): string {
    return JSON.stringify(this.name);
  }
}

/** What a `Via` is at run time; `name` is its text in messages. */
export abstract class ViaAddress extends NamedAddress {
  /** Nobody, too, when the keeper of the name has ended. */
  abstract override get cell(): Cell | undefined;
  /** Who has the name; throws when nobody could have it. */
  abstract get owner(): Cell | undefined;
  /** Gives the name, which nobody has, to a process. */
  abstract register(cell: Cell): void;
}

/**
 * Throws a `TypeError` for an empty text.
 * @example
 * ```ts
 * import { createSystem, GenServer, name, ok, reply } from '@reprise/actor';
 *
 * const counter = GenServer.define({
 *   init: (start: number) => ok(start),
 *   handleCall: { next: (_, count) => reply(count, count + 1) },
 * });
 * const visits = name<GenServer.ServerOf<typeof counter>>('visits');
 *
 * const system = createSystem();
 * await GenServer.startLink(system, counter, 7, { name: visits });
 * console.log(await GenServer.call(visits.in(system), 'next')); // 7
 * await system.stop();
 * ```
 */
export function name<P extends Pid = Pid>(text: string): Name<P> {
  assertName(text);
  return new NameValue(text) as unknown as Name<P>;
}

/** The text of a name given as a text or as a `Name`. Throws a `TypeError` for anything else. */
export function textOf(given: string | Name): string {
  const text = typeof given === 'string' ? given : given?.name;
  assertName(text);
  return text;
}

/**
 * The process that is meant; `undefined` when nobody has the name. Throws a `TypeError` for what is
 * neither a pid nor a name in a system.
 */
export function find(destination: Destination): Cell | undefined {
  const cell = findCell(destination);
  if (cell !== undefined) {
    return cell;
  }
  const address: unknown = destination;
  if (address instanceof NamedAddress) {
    return address.cell;
  }
  throw new TypeError(`Expected a pid or a name in a system, got ${describe(destination)}`);
}

function assertName(text: unknown): asserts text is string {
  if (typeof text !== 'string' || text === '') {
    throw new TypeError(`Expected a name, got ${describe(text)}`);
  }
}
