import { setBrand, isA } from '../brand.ts';
import { describe } from '../describe.ts';
import { type Pid } from '../process/pid.ts';

declare const grouped: unique symbol;

/**
 * The name of a group of processes. Its type has the type of the processes. A plain value that
 * belongs to no system.
 */
export interface Group<in out P extends Pid = Pid> {
  readonly [grouped]: (pid: P) => P;
  readonly name: string;
  toString(): string;
}

class GroupValue {
  static {
    setBrand(this, 'group');
  }

  readonly name: string;

  constructor(text: string) {
    this.name = text;
  }

  toString(): string {
    return this.name;
  }
}

/**
 * Names a group. Two values with the same text name the same group.
 * @throws TypeError for an empty text
 * @see OTP manual, `pg:group()`
 * @example
 * ```ts
 * import { createSystem, group, Groups, type Pid, send, spawn } from '@reprise/actor';
 *
 * const listeners = group<Pid<string>>('listeners');
 *
 * const system = createSystem();
 * const { promise, resolve } = Promise.withResolvers<string>();
 * const pid = spawn<string>(system, async (self) => resolve(await self.receive()));
 * Groups.join(system, listeners, pid);
 * for (const member of Groups.members(system, listeners)) {
 *   send(member, 'hello');
 * }
 * console.log(await promise); // hello
 * await system.stop();
 * ```
 */
export function group<P extends Pid = Pid>(text: string): Group<P> {
  assertGroup(text);
  return new GroupValue(text) as unknown as Group<P>;
}

/**
 * The name of a group that is given as a text or as a `Group`.
 * @throws TypeError for anything else
 */
export function groupText(given: unknown): string {
  const text = isA(given, GroupValue) ? given.name : given;
  assertGroup(text);
  return text;
}

function assertGroup(text: unknown): asserts text is string {
  if (typeof text !== 'string' || text === '') {
    throw new TypeError(`Expected the name of a group, got ${describe(text)}`);
  }
}
