import { describe } from '../describe.ts';
import type { Logger } from '../host/logger.ts';
import { assertOneOf } from '../one-of.ts';
import { detailsOf } from '../shown/report.ts';
import { type Cell, cellOfProcess } from './cell.ts';
import { extrasOf, loggerFor, type ProcessLogger, putExtras } from './extras.ts';
import { labelField } from './label.ts';
import type { Process } from './process.ts';

/** Facts about the work of a process, such as the id of a request. */
export type Metadata = Readonly<Record<string, unknown>>;

/** The least severe reports that a process logs; `none`: it logs nothing. */
export type ProcessLevel = 'warn' | 'error' | 'none';

const levels: readonly ProcessLevel[] = ['warn', 'error', 'none'];

/**
 * Replaces the metadata of `self`: facts about its work, such as the id of a request. Every report
 * about the process, and all that it logs by `loggerOf`, has them in the detail `metadata`: bounded
 * and without secrets, as all details. A process starts without metadata; that of its parent is not
 * inherited.
 * @throws TypeError for anything but an object
 * @see OTP manual, `logger:set_process_metadata/1`
 * @example
 * ```ts
 * import { createSystem, getProcessMetadata, setProcessMetadata, spawn } from '@reprise/actor';
 * import { settle } from '@reprise/actor/testing';
 *
 * const system = createSystem();
 * spawn(system, (self) => {
 *   setProcessMetadata(self, { requestId: 'r-1' });
 *   console.log(getProcessMetadata(self)); // { requestId: 'r-1' }
 * });
 * await settle(system);
 * await system.stop();
 * ```
 */
export function setProcessMetadata(self: Process, metadata: Metadata): void {
  assertMetadata(metadata);
  ownLoggerOf(self).metadata = defined(metadata);
}

/**
 * Adds to the metadata of `self`, or changes them; a value of `undefined` removes its name.
 * @throws TypeError for anything but an object
 * @see OTP manual, `logger:update_process_metadata/1`
 * @example
 * ```ts
 * import { createSystem, getProcessMetadata, setProcessMetadata, updateProcessMetadata } from '@reprise/actor';
 *
 * const system = createSystem();
 * setProcessMetadata(system, { requestId: 'r-1', user: 7 });
 * updateProcessMetadata(system, { attempt: 2, user: undefined });
 * console.log(getProcessMetadata(system)); // { requestId: 'r-1', attempt: 2 }
 * await system.stop();
 * ```
 */
export function updateProcessMetadata(self: Process, metadata: Metadata): void {
  assertMetadata(metadata);
  const logger = ownLoggerOf(self);
  logger.metadata = defined({ ...logger.metadata, ...metadata });
}

/**
 * The metadata of `self`.
 * @see OTP manual, `logger:get_process_metadata/0`
 * @example
 * ```ts
 * import { createSystem, getProcessMetadata } from '@reprise/actor';
 *
 * const system = createSystem();
 * console.log(getProcessMetadata(system)); // {}
 * await system.stop();
 * ```
 */
export function getProcessMetadata(self: Process): Metadata {
  return ownLogger(cellOfProcess(self))?.metadata ?? {};
}

/**
 * Sets which reports `self` logs: `warn` and above, those of errors alone, or none. A supervisor
 * reports the end of a child that logs no errors itself.
 * @throws TypeError for anything but a level
 * @see Elixir manual, `Logger.put_process_level/2`
 * @example
 * ```ts
 * import { createSystem, putProcessLevel, spawn } from '@reprise/actor';
 * import { settle } from '@reprise/actor/testing';
 *
 * const system = createSystem();
 * spawn(system, (self) => {
 *   putProcessLevel(self, 'none');
 *   throw new Error('not reported');
 * });
 * await settle(system);
 * await system.stop();
 * ```
 */
export function putProcessLevel(self: Process, level: ProcessLevel): void {
  assertOneOf('Expected a level to be', level, levels);
  ownLoggerOf(self).level = level;
}

/**
 * The level of `self`; `undefined` if none was set: then it logs all.
 * @see Elixir manual, `Logger.get_process_level/1`
 * @example
 * ```ts
 * import { createSystem, getProcessLevel, putProcessLevel } from '@reprise/actor';
 *
 * const system = createSystem();
 * putProcessLevel(system, 'error');
 * console.log(getProcessLevel(system)); // error
 * await system.stop();
 * ```
 */
export function getProcessLevel(self: Process): ProcessLevel | undefined {
  return ownLogger(cellOfProcess(self))?.level;
}

/**
 * Removes the level of `self`: it logs all again.
 * @see Elixir manual, `Logger.delete_process_level/1`
 * @example
 * ```ts
 * import { createSystem, deleteProcessLevel, getProcessLevel, putProcessLevel } from '@reprise/actor';
 *
 * const system = createSystem();
 * putProcessLevel(system, 'none');
 * deleteProcessLevel(system);
 * console.log(getProcessLevel(system)); // undefined
 * await system.stop();
 * ```
 */
export function deleteProcessLevel(self: Process): void {
  ownLoggerOf(self).level = undefined;
}

/**
 * The logger of the system, as `self` uses it: with its label and its metadata as details, and by
 * its level. Its arguments are made safe to print, as those of every report are.
 * @see Elixir manual, `Logger`
 * @example
 * ```ts
 * import { createSystem, loggerOf, setProcessMetadata, spawn } from '@reprise/actor';
 * import { settle } from '@reprise/actor/testing';
 *
 * const logger = { error: () => {}, warn: (details: object) => console.log(details) };
 * const system = createSystem({ logger });
 * spawn(system, (self) => {
 *   setProcessMetadata(self, { room: 7 });
 *   loggerOf(self).warn({ seats: 0 }, 'the room is full'); // { seats: 0, metadata: { room: 7 } }
 * });
 * await settle(system);
 * await system.stop();
 * ```
 */
export function loggerOf(self: Process): Logger {
  const cell = cellOfProcess(self);
  // The label and the metadata are read at each report: they may change.
  return {
    error: (details, message) => {
      loggerFor(cell).error(withFields(details, labelField(cell)), message);
    },
    warn: (details, message) => {
      loggerFor(cell).warn(withFields(details, labelField(cell)), message);
    },
  };
}

class OwnLogger implements ProcessLogger {
  readonly #cell: Cell;
  metadata: Metadata = {};
  level: ProcessLevel | undefined = undefined;

  constructor(cell: Cell) {
    this.#cell = cell;
  }

  get isMuted(): boolean {
    return this.level === 'none';
  }

  error(details: object, message: string): void {
    if (!this.isMuted) {
      this.#cell.runtime.logger.error(this.#with(details), message);
    }
  }

  warn(details: object, message: string): void {
    if (this.level === undefined || this.level === 'warn') {
      this.#cell.runtime.logger.warn(this.#with(details), message);
    }
  }

  #with(details: object): object {
    const { metadata } = this;
    return Object.keys(metadata).length === 0 ? details : withFields(details, { metadata });
  }
}

/** The details and more of them. Calls no getter: those of the details are not for reports. */
function withFields(details: unknown, fields: object): object {
  const all = [detailsOf(details), fields].map((each) => Object.getOwnPropertyDescriptors(each));
  return Object.defineProperties({}, Object.assign({}, ...all) as PropertyDescriptorMap);
}

/** That of any copy of this package. */
function ownLogger(cell: Cell): OwnLogger | undefined {
  return extrasOf(cell)?.logger as OwnLogger | undefined;
}

function ownLoggerOf(self: Process): OwnLogger {
  const cell = cellOfProcess(self);
  const own = ownLogger(cell);
  if (own !== undefined) {
    return own;
  }
  const made = new OwnLogger(cell);
  putExtras(cell, { logger: made });
  return made;
}

function assertMetadata(metadata: unknown): void {
  if (typeof metadata !== 'object' || metadata === null || Array.isArray(metadata)) {
    throw new TypeError(`Expected metadata to be an object, got ${describe(metadata)}`);
  }
}

/** A copy without the names whose value is `undefined`. */
function defined(metadata: Metadata): Metadata {
  return Object.fromEntries(Object.entries(metadata).filter(([, value]) => value !== undefined));
}
