import { setBrand, isA } from '../brand.ts';
import { describe } from '../describe.ts';
import { isInstance } from '../shown/reading.ts';
import { Cell, cellOfProcess, findCell, pidAndLabel, type Runtime } from './cell.ts';
import type { Pid } from './pid.ts';
import type { Process } from './process.ts';

declare const named: unique symbol;

/**
 * A name for a process, with the type of that process: `const stackName = name<Stack>('stack')`. A
 * plain value that belongs to no system; `in` makes an address of it.
 */
export interface Name<out P extends Pid = Pid> {
  readonly [named]: P;
  readonly name: string;
  /** The address of this name in the system of `process`: looked up at each use. */
  in(process: Process): Named<P>;
  toString(): string;
}

declare const addressed: unique symbol;

/** A name in one system. It can stand wherever a pid can, and is looked up at each use. */
export interface Named<out P extends Pid = Pid> {
  readonly [addressed]: P;
  toString(): string;
}

declare const via: unique symbol;

/** A name in a registry, and not in the system: an address, and a name to start a server with. */
export interface Via<out P extends Pid = Pid> extends Named<P> {
  readonly [via]: true;
}

/** A pid, or a name in a system, which is looked up at each use. */
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

/** The class of `Named`. */
export class NamedAddress {
  static {
    setBrand(this, 'name');
  }

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

/** The class of `Via`. `name` is its text in messages. */
export abstract class ViaAddress extends NamedAddress {
  static {
    setBrand(this, 'via');
  }

  /** `undefined` if no process has the name, or the registry has ended. */
  abstract override get cell(): Cell | undefined;
  /** The process that has the name. Throws when the registry has ended, or is none. */
  abstract get owner(): Cell | undefined;
  /** Gives the name, which is free, to a process. */
  abstract register(cell: Cell): void;
}

/**
 * A name for processes of type `P`.
 * @throws TypeError for an empty text
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

/** The text of a name. Throws a `TypeError` unless given a non-empty text or a `Name`. */
export function textOf(given: string | Name): string {
  const text: unknown = typeof given === 'string' ? given : given?.name;
  assertName(text ?? given);
  return text as string;
}

/**
 * The process that a destination means now; `undefined` when no process has the name. Throws a
 * `TypeError` for a value that is neither a pid nor a name in a system.
 */
export function find(destination: Destination): Cell | undefined {
  const cell = findCell(destination);
  return cell === undefined ? addressOf(destination).cell : cell;
}

/** The runtime of the system that a destination belongs to. Throws as `find` does. */
export function runtimeOf(destination: Destination): Runtime {
  return (findCell(destination) ?? addressOf(destination)).runtime;
}

/** A destination in a message: a pid has the label of its process. */
export function destinationText(destination: Destination): string {
  const cell = findCell(destination);
  return cell === undefined ? String(destination) : pidAndLabel(cell);
}

function addressOf(destination: Destination): NamedAddress {
  const address: unknown = destination;
  if (isA(address, NamedAddress)) {
    return address;
  }
  throw new TypeError(`Expected a pid or a name in a system, got ${withHint(address)}`);
}

/** The value, and for those that are nearly an address, how to get one. */
function withHint(value: unknown): string {
  if (isInstance(value, NameValue)) {
    return `the name ${describe(value.name)} without a system: use its \`in(system)\``;
  }
  if (isA(value, Cell)) {
    return `the process ${String(value.pid)}: use its \`pid\``;
  }
  return typeof value === 'string'
    ? `${describe(value)}: use \`name(${describe(value)}).in(system)\``
    : describe(value);
}

function assertName(text: unknown): asserts text is string {
  if (typeof text !== 'string' || text === '') {
    throw new TypeError(`Expected a name, got ${describe(text)}`);
  }
}
