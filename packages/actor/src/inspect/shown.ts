import { isA } from '../brand.ts';
import { type Cell, cellOf, cellOfProcess } from '../process/cell.ts';
import { errorIn, type ExitReason } from '../process/exit-reason.ts';
import type { Pid } from '../process/pid.ts';
import type { Process } from '../process/process.ts';
import { ServerProcess } from '../server/server-process.ts';
import { startOf } from '../shown/clip.ts';
import { plainTextOf } from '../shown/plain-reading.ts';
import { fieldOf, isError, textIn, textOfError } from '../shown/reading.ts';
import type { Redaction } from '../shown/redaction.ts';
import { type Limits, snapshot } from '../shown/snapshot.ts';
import { explain } from '../supervisor/rules.ts';

/** For a page, and not for a report: less of one value, and no code of the user is called. */
const limits: Limits = { characters: 8000, depth: 4, entries: 50, text: 200, textOf: plainTextOf };

/**
 * A copy of any value as plain data that JSON can hold, made to be shown to a person: 4 levels of
 * at most 50 entries, texts of 200 characters, 8,000 characters in all. It has none of the secrets
 * that the reports of the system hide. No getter, no trap of a proxy and no `toJSON` of a user's
 * class is called.
 * @throws TypeError for anything but a process
 * @example
 * ```ts
 * import { createSystem } from '@reprise/actor';
 * import { shown } from '@reprise/actor/inspect';
 *
 * const system = createSystem({ redact: ['iban'] });
 * console.log(shown(system, { iban: 'DE02…', password: 'x', seats: 3 }));
 * // { iban: '[redacted]', password: '[redacted]', seats: 3 }
 * await system.stop();
 * ```
 */
export function shown(system: Process, value: unknown): unknown {
  return shownFor(cellOfProcess(system, 'system'), value);
}

export function shownFor(cell: Cell, value: unknown): unknown {
  return snapshot(value, cell.runtime.redaction, limits);
}

/**
 * The state of a server as `shown` gives it, or the result of its `formatStatus`; `undefined` for a
 * process that is no server, has ended, or has no state yet. The server is not asked by a message:
 * one that is stuck is shown, too.
 * @throws TypeError for anything but a pid
 * @example
 * ```ts
 * import { createSystem, GenServer, ok } from '@reprise/actor';
 * import { shownState } from '@reprise/actor/inspect';
 *
 * const system = createSystem();
 * const shop = GenServer.define({ init: () => ok({ items: 3, token: 'secret' }) });
 * const pid = await GenServer.start(system, shop, undefined);
 * console.log(shownState(pid)); // { items: 3, token: '[redacted]' }
 * await system.stop();
 * ```
 */
export function shownState(pid: Pid): unknown {
  const cell = cellOf(pid);
  return isA(cell, ServerProcess) && cell.isAlive && cell.hasState
    ? shownFor(cell, cell.shownState)
    : undefined;
}

/**
 * The start of a text of any kind, such as a name, as `shown` has it; of a longer one it says how
 * long it is. It has none of the secrets that the reports of the system hide.
 * @throws TypeError for anything but a process
 * @example
 * ```ts
 * import { createSystem } from '@reprise/actor';
 * import { shownText } from '@reprise/actor/inspect';
 *
 * const system = createSystem();
 * console.log(shownText(system, 'https://joe:secret@example.com/', 11)); // https://exa… (31 characters)
 * await system.stop();
 * ```
 */
export function shownText(system: Process, text: string, limit: number): string {
  return cellOfProcess(system, 'system').runtime.redaction.clip(text, limit);
}

/** An exit reason in words. */
export interface ShownReason {
  /** As `formatReason` has it; of a supervisor that gave up, which child failed, and why. */
  readonly text: string;
  /** Of an error that was thrown: its stack, and those of its causes, in 8,000 characters. */
  readonly stack: string | undefined;
}

/**
 * An exit reason as text, without the secrets that the reports of the system hide. The text holds
 * on to nothing: an error that is kept keeps all that it refers to in memory.
 * @throws TypeError for anything but a process
 * @example
 * ```ts
 * import { crash, createSystem } from '@reprise/actor';
 * import { shownReason } from '@reprise/actor/inspect';
 *
 * const system = createSystem();
 * const { text, stack } = shownReason(system, crash(new Error('out of paper')));
 * console.log(text, stack?.split('\n')[0]); // Error: out of paper Error: out of paper
 * await system.stop();
 * ```
 */
export function shownReason(system: Process, reason: ExitReason): ShownReason {
  const { redaction } = cellOfProcess(system, 'system').runtime;
  const text = redaction.clip(explain(reason), longestReason);
  const stacks = stacksOf(errorIn(reason).err, redaction);
  const stack = stacks.length === 0 ? undefined : stacks.join('\ncause: ');
  return { text, stack: stack && startOf(stack, longestStack) };
}

/** In characters. */
const longestReason = 500;
const longestStack = 8000;
/** An error, and so many causes. */
const mostErrors = 5;

function stacksOf(error: Error | undefined, redaction: Redaction): readonly string[] {
  const stacks: string[] = [];
  let cause: unknown = error;
  while (isError(cause) && stacks.length < mostErrors) {
    stacks.push(stackOf(cause, redaction));
    cause = fieldOf(cause, 'cause');
  }
  return stacks;
}

/** The frames come after the message, however long that is. */
function stackOf(error: Error, redaction: Redaction): string {
  const stack = textIn(error, 'stack') || textOfError(error, longestReason);
  const frames = stack.search(/\n {4}at /);
  return frames === -1
    ? redaction.clip(stack, longestReason)
    : redaction.clip(stack.slice(0, frames), longestReason) +
        redaction.clip(stack.slice(frames), longestStack);
}
