import { subscribe, unsubscribe } from 'node:diagnostics_channel';

import { describe, expect, test } from '@jest/globals';
import {
  exit,
  group,
  Groups,
  kill,
  link,
  monitor,
  normal,
  type Pid,
  type Ref,
  spawn,
} from '@reprise/actor';
import { createTestSystem, settle, type TestSystem } from '@reprise/actor/testing';
import { expectTypeOf } from 'expect-type';

import { countOnEnd } from '../support/on-end.ts';
import { drain, idleProcess, type Log, recordingProcess } from '../support/processes.ts';

async function startPids(system: TestSystem, count: number): Promise<Pid[]> {
  const processes: Pid[] = [];
  for (let at = 0; at < count; at++) {
    processes.push((await idleProcess(system)).pid);
  }
  return processes;
}

async function setup() {
  const system = createTestSystem();
  const [first, second, third] = (await startPids(system, 3)) as [Pid, Pid, Pid];
  return { system, first, second, third };
}

describe('join', () => {
  test('GR01 puts a process into a group, which exists from then on', async () => {
    const { system, first } = await setup();
    expect(Groups.whichGroups(system)).toStrictEqual([]);
    expect(Groups.join(system, 'g', first)).toBeUndefined();
    expect(Groups.members(system, 'g')).toStrictEqual([first]);
    expect(Groups.whichGroups(system)).toStrictEqual(['g']);
  });

  test('GR02 counts a process that joins twice as two members', async () => {
    const { system, first, second } = await setup();
    for (const pid of [first, second, first]) {
      Groups.join(system, 'g', pid);
    }
    expect(Groups.members(system, 'g')).toStrictEqual([first, first, second]);
  });

  test('GR07 puts a list of processes into it in one step', async () => {
    const { system, first, second, third } = await setup();
    const watcher = await idleProcess(system);
    const { ref } = Groups.monitor(watcher, 'g');
    Groups.join(system, 'g', [first, second, first, third]);
    expect(Groups.members(system, 'g')).toStrictEqual([first, first, second, third]);
    expect(await drain(watcher)).toStrictEqual([
      { type: 'join', ref, group: 'g', pids: [first, second, first, third] },
    ]);
  });

  test('GR07 of a list with anything but pids is an error of the caller, and adds none', async () => {
    const { system, first } = await setup();
    const wrong: unknown = [first, 5];
    expect(() => {
      Groups.join(system, 'g', wrong as Pid[]);
    }).toThrow(new TypeError('Expected a pid, got 5'));
    expect(Groups.whichGroups(system)).toStrictEqual([]);
  });

  test('GR08 leaves out processes that have ended', async () => {
    const { system, first, second } = await setup();
    const watcher = await idleProcess(system);
    const { ref } = Groups.monitor(watcher, 'g');
    exit(system, first, kill);
    Groups.join(system, 'g', first);
    expect(Groups.whichGroups(system)).toStrictEqual([]);
    Groups.join(system, 'g', [first, second]);
    expect(Groups.members(system, 'g')).toStrictEqual([second]);
    expect(await drain(watcher)).toStrictEqual([{ type: 'join', ref, group: 'g', pids: [second] }]);
  });

  test.each(['', undefined, 5, {}])('%p is no name of a group', async (bad) => {
    const { system, first } = await setup();
    const error = 'Expected the name of a group, got ';
    expect(() => Groups.join(system, bad as string, first)).toThrow(TypeError);
    expect(() => Groups.join(system, bad as string, first)).toThrow(error);
    expect(() => group(bad as string)).toThrow(error);
  });

  test('is of one system: a group of the same name in another system is a group of its own', async () => {
    const { system, first } = await setup();
    Groups.join(system, 'g', first);
    expect(Groups.members(createTestSystem(), 'g')).toStrictEqual([]);
    expect(Groups.members(await idleProcess(system), 'g')).toStrictEqual([first]);
  });
});

describe('leave', () => {
  test('GR03 removes one of the two memberships of a process that joined twice', async () => {
    const { system, first } = await setup();
    Groups.join(system, 'g', [first, first]);
    expect(Groups.leave(system, 'g', first)).toBe(true);
    expect(Groups.members(system, 'g')).toStrictEqual([first]);
  });

  test('GR04 by the last member ends the group', async () => {
    const { system, first, second } = await setup();
    Groups.join(system, 'g', [first, second]);
    Groups.join(system, 'h', first);
    Groups.leave(system, 'g', [second, first]);
    expect(Groups.whichGroups(system)).toStrictEqual(['h']);
    Groups.leave(system, 'h', first);
    expect(Groups.whichGroups(system)).toStrictEqual([]);
  });

  test('GR05 answers false for a group of others, and for an empty one', async () => {
    const { system, first, second } = await setup();
    Groups.join(system, 'g', first);
    expect(Groups.leave(system, 'g', second)).toBe(false);
    expect(Groups.leave(system, 'empty', first)).toBe(false);
    expect(Groups.leave(system, 'g', [])).toBe(false);
    expect(Groups.members(system, 'g')).toStrictEqual([first]);
    expect(Groups.whichGroups(system)).toStrictEqual(['g']);
  });

  test('GR05 of a list removes those that are in the group', async () => {
    const { system, first, second, third } = await setup();
    const watcher = await idleProcess(system);
    Groups.join(system, 'g', [first, second]);
    const { ref } = Groups.monitor(watcher, 'g');
    expect(Groups.leave(system, 'g', [third, second, second])).toBe(true);
    expect(Groups.members(system, 'g')).toStrictEqual([first]);
    expect(await drain(watcher)).toStrictEqual([
      { type: 'leave', ref, group: 'g', pids: [second] },
    ]);
  });
});

describe('the end of a process', () => {
  test('GR04 that is the last member ends the group', async () => {
    const { system, first } = await setup();
    Groups.join(system, 'g', [first, first]);
    exit(system, first, kill);
    expect(Groups.whichGroups(system)).toStrictEqual([]);
    expect(Groups.members(system, 'g')).toStrictEqual([]);
  });

  test('GR06 removes it from every group, with all its memberships', async () => {
    const { system, first, second } = await setup();
    Groups.join(system, 'g', [first, second, first]);
    Groups.join(system, 'h', [second, first]);
    Groups.join(system, 'i', first);
    exit(system, first, kill);
    expect(Groups.members(system, 'g')).toStrictEqual([second]);
    expect(Groups.members(system, 'h')).toStrictEqual([second]);
    expect(Groups.whichGroups(system)).toStrictEqual(['g', 'h']);
  });

  test('GR06 has removed it before any process gets its EXIT or DOWN', async () => {
    const { system, first } = await setup();
    Groups.join(system, 'g', first);
    const seen: unknown[] = [];
    spawn(system, async (self) => {
      monitor(self, first);
      await self.receive();
      seen.push(Groups.members(self, 'g'), Groups.whichGroups(self));
    });
    await settle(system);
    exit(system, first, kill);
    await settle(system);
    expect(seen).toStrictEqual([[], []]);
  });

  test('GR08 right after it joined or left leaves no dead member', async () => {
    const system = createTestSystem();
    const joiner = spawn(system, (self) => {
      Groups.join(self, 'g', self.pid);
    });
    const leaver = spawn(system, (self) => {
      Groups.join(self, 'g', [self.pid, self.pid]);
      Groups.leave(self, 'g', self.pid);
      exit(self, normal);
    });
    await settle(system);
    expect(
      [joiner, leaver].filter((pid) => Groups.members(system, 'g').includes(pid)),
    ).toStrictEqual([]);
    expect(Groups.whichGroups(system)).toStrictEqual([]);
    expect(Groups.leave(system, 'g', leaver)).toBe(false);
    expect(system.reports).toStrictEqual([]);
  });

  test('GR08 counts from its first moment: a process that is ending is in no group', async () => {
    const { system, first } = await setup();
    Groups.join(system, 'g', first);
    const seen: unknown[] = [];
    // The channel publishes when the process is dead and the groups still have it.
    const onExit = (message: unknown): void => {
      if ((message as { readonly pid: Pid }).pid === first) {
        seen.push(Groups.members(system, 'g'), Groups.whichGroups(system));
        Groups.join(system, 'g', first);
      }
    };
    subscribe('reprise:exit', onExit);
    exit(system, first, kill);
    unsubscribe('reprise:exit', onExit);
    expect(seen).toStrictEqual([[], []]);
    expect(Groups.whichGroups(system)).toStrictEqual([]);
  });
});

describe('a process that has left', () => {
  test('has no callback of its groups left', async () => {
    const { system } = await setup();
    const first = await idleProcess(system);
    const hanging = countOnEnd(first);
    Groups.join(system, 'g', [first.pid, first.pid]);
    Groups.join(system, 'h', first.pid);
    expect(hanging()).toBe(1);
    const { ref } = Groups.monitor(first, 'g');
    expect(hanging()).toBe(2);
    Groups.demonitor(first, ref);
    Groups.leave(system, 'g', [first.pid, first.pid]);
    expect(hanging()).toBe(1);
    Groups.leave(system, 'h', first.pid);
    expect(hanging()).toBe(0);
  });
});

describe('members', () => {
  test('GR10 of an empty group are none', () => {
    const system = createTestSystem();
    expect(Groups.members(system, 'g')).toStrictEqual([]);
    expect(Groups.members(system, group('g'))).toStrictEqual([]);
    expect(Groups.whichGroups(system)).toStrictEqual([]);
  });
});

describe('monitor', () => {
  test('GR09 answers the members of the group, and sends a message for every later change', async () => {
    const { system, first, second, third } = await setup();
    const watcher = await idleProcess(system);
    Groups.join(system, 'g', first);
    const { ref, members } = Groups.monitor(watcher, 'g');
    expect(members).toStrictEqual([first]);
    Groups.join(system, 'g', [second, third]);
    Groups.join(system, 'other', second);
    Groups.leave(system, 'g', first);
    Groups.leave(system, 'g', first);
    exit(system, third, kill);
    expect(members).toStrictEqual([first]);
    const messages = await drain(watcher);
    expect(messages).toStrictEqual([
      { type: 'join', ref, group: 'g', pids: [second, third] },
      { type: 'leave', ref, group: 'g', pids: [first] },
      { type: 'leave', ref, group: 'g', pids: [third] },
    ]);
  });

  test('GR09 of an empty group sends a message for its first member; the monitoring process is no member', async () => {
    const { system, first } = await setup();
    const watcher = await idleProcess(system);
    const { ref, members } = Groups.monitor(watcher, 'g');
    expect(members).toStrictEqual([]);
    expect(Groups.whichGroups(system)).toStrictEqual([]);
    Groups.join(system, 'g', first);
    exit(system, first, kill);
    Groups.join(system, 'g', watcher.pid);
    expect(await drain(watcher)).toStrictEqual([
      { type: 'join', ref, group: 'g', pids: [first] },
      { type: 'leave', ref, group: 'g', pids: [first] },
      { type: 'join', ref, group: 'g', pids: [watcher.pid] },
    ]);
  });

  test('GR09 names a process with two memberships twice when it ends, after its EXIT and DOWN', async () => {
    const { system, first } = await setup();
    const log: Log = [];
    const watcher = await recordingProcess(system, log, 'w', { traps: true });
    Groups.join(system, 'g', [first, first]);
    const { ref } = Groups.monitor(watcher, 'g');
    link(watcher, first);
    const down = monitor(watcher, first);
    exit(system, first, kill);
    await settle(system);
    expect(log).toStrictEqual([
      ['w', { type: 'EXIT', pid: first, reason: { type: 'killed' } }],
      ['w', { type: 'DOWN', ref: down, pid: first, reason: { type: 'killed' } }],
      ['w', { type: 'leave', ref, group: 'g', pids: [first, first] }],
    ]);
  });

  test('GR09 twice sends two messages, each with its own ref', async () => {
    const { system, first: member } = await setup();
    const watcher = await idleProcess(system);
    const [first, second] = [Groups.monitor(watcher, 'g'), Groups.monitor(watcher, 'g')];
    Groups.join(system, 'g', member);
    const messages = (await drain(watcher)) as Groups.Message[];
    expect(messages).toHaveLength(2);
    expect(messages[0]?.ref).toBe(first.ref);
    expect(messages[1]?.ref).toBe(second.ref);
  });

  test('GR09 delivers to a full mailbox as well: a lost change would never be repeated', async () => {
    const { system, first } = await setup();
    let messages = 0;
    spawn<unknown>(
      system,
      async (self) => {
        Groups.monitor(self, 'g');
        await new Promise((resolve) => {
          system.clock.setTimeout(() => {
            messages = self.messageQueueLen;
            resolve(undefined);
          }, 10);
        });
      },
      { mailbox: { capacity: 1, overflow: 'dropNewest' } },
    );
    await settle(system);
    for (let count = 0; count < 3; count++) {
      Groups.join(system, 'g', first);
    }
    await system.clock.advance(10);
    expect(messages).toBe(3);
  });

  test('GR09 ends with its process, and one of a process that has ended never begins', async () => {
    const { system, first } = await setup();
    const watcher = await idleProcess(system);
    const { ref } = Groups.monitor(watcher, 'g');
    exit(system, watcher.pid, kill);
    expect(Groups.demonitor(watcher, ref)).toBe(false);
    const late = Groups.monitor(watcher, 'g');
    expect(Groups.demonitor(watcher, late.ref)).toBe(false);
    expect(() => {
      Groups.join(system, 'g', first);
    }).not.toThrow();
  });
});

describe('demonitor', () => {
  test('GR09 ends a monitor, and takes its messages back', async () => {
    const { system, first, second } = await setup();
    const watcher = await idleProcess(system);
    const { ref } = Groups.monitor(watcher, 'g');
    const { ref: kept } = Groups.monitor(watcher, 'h');
    Groups.join(system, 'g', first);
    Groups.join(system, 'h', first);
    expect(Groups.demonitor(watcher, ref)).toBe(true);
    Groups.join(system, 'g', second);
    expect(await drain(watcher)).toStrictEqual([
      { type: 'join', ref: kept, group: 'h', pids: [first] },
    ]);
    expect(Groups.demonitor(watcher, ref)).toBe(false);
  });

  test('GR09 is allowed to the monitoring process only', async () => {
    const { system, first } = await setup();
    const [watcher, other] = [await idleProcess(system), await idleProcess(system)];
    const { ref } = Groups.monitor(watcher, 'g');
    expect(Groups.demonitor(other, ref)).toBe(false);
    expect(Groups.demonitor(watcher, monitor(watcher, first))).toBe(false);
    Groups.join(system, 'g', first);
    expect(watcher.messageQueueLen).toBe(1);
  });
});

describe('a typed group', () => {
  const stacks = group<Pid<'push'>>('stacks');

  test('is a plain value: two with the same text are the same group', async () => {
    const system = createTestSystem();
    const stack = await idleProcess(system);
    Groups.join(system, stacks, stack.pid);
    expect(Groups.members(system, group('stacks'))).toStrictEqual([stack.pid]);
    expect(Groups.members(system, 'stacks')).toStrictEqual([stack.pid]);
    expect(String(stacks)).toBe('stacks');
    expect(stacks.name).toBe('stacks');
  });

  test('declares the type of its processes', async () => {
    const system = createTestSystem();
    expectTypeOf(Groups.members(system, stacks)).toEqualTypeOf<readonly Pid<'push'>[]>();
    expectTypeOf(Groups.members(system, 'stacks')).toEqualTypeOf<readonly Pid[]>();
    expectTypeOf(Groups.monitor(system, stacks)).toEqualTypeOf<Groups.Monitored<Pid<'push'>>>();
    expectTypeOf<Groups.Message<Pid<'push'>>['ref']>().toEqualTypeOf<Ref>();
    const misuse = (_wrong: (pid: Pid<'pop'>) => unknown): void => undefined;
    // @ts-expect-error: the process does not accept the messages of the group
    misuse((pid) => Groups.join(system, stacks, pid));
    // @ts-expect-error: one of the list does not accept the messages of the group
    misuse((pid) => Groups.join(system, stacks, [pid]));
    expect(Groups.members(system, stacks)).toStrictEqual([]);
  });
});
