import { describe, expect, test } from '@jest/globals';
import {
  Agent,
  childSpec,
  exit,
  GenServer,
  getLabel,
  kill,
  link,
  ok,
  type Pid,
  processInfo,
  register,
  reply,
  setLabel,
  spawn,
  spawnLink,
  spawnMonitor,
  Supervisor,
  sys,
} from '@reprise/actor';
import { createTestSystem, settle, type TestSystem } from '@reprise/actor/testing';

import { outcome } from '../support/outcome.ts';
import { forever, idleProcess } from '../support/processes.ts';
import { reportingSystem } from '../support/reporting-system.ts';

const messages = (system: TestSystem): readonly string[] =>
  system.reports.map(({ message }) => message);

const room = GenServer.define({
  init: (label: unknown, self) => {
    setLabel(self, label);
    return ok(undefined);
  },
  handleCall: {
    wait: () => forever(),
    fail: (): never => {
      throw new Error('boom');
    },
    relabel: (label: string | undefined, state, _from, self) => {
      setLabel(self, label);
      return reply(undefined, state);
    },
  },
});

describe('a label', () => {
  test('XT01 is in the report of a crash: in its line, and as a detail', async () => {
    const system = createTestSystem();
    const pid = spawn(system, (self) => {
      setLabel(self, 'queue worker');
      throw new Error('boom');
    });
    await settle(system);
    expect(messages(system)).toStrictEqual([
      `process ${String(pid)} "queue worker" crashed: Error: boom`,
    ]);
    expect(system.reports[0]?.details).toMatchObject({ label: 'queue worker' });
  });

  test.each([
    ['spawn', (system: TestSystem) => spawn(system, forever, { label: ['room', 7] })],
    ['spawnLink', (system: TestSystem) => spawnLink(system, forever, { label: ['room', 7] })],
    [
      'spawnMonitor',
      (system: TestSystem) => spawnMonitor(system, forever, { label: ['room', 7] }).pid,
    ],
  ])('XT02 given to %s is set before the function has run', (_, start) => {
    expect(getLabel(start(createTestSystem()))).toStrictEqual(['room', 7]);
  });

  test('XT03 is any value, which getLabel returns as it is', async () => {
    const system = createTestSystem();
    const label = { room: 7, owner: system.pid };
    expect(getLabel(spawn(system, forever, { label }))).toBe(label);
  });

  test('XT03 is bounded in reports, on one line, and holds no secret', async () => {
    const { system, reports } = reportingSystem({ redact: ['seat'] });
    const labels = [
      'x'.repeat(100_000),
      'two\nlines \u001B[2J',
      { password: 'p1', seat: 's1' },
      'https://joe:p1@example.com/?token=p1',
    ];
    for (const label of labels) {
      spawn(system, (self) => {
        setLabel(self, label);
        throw new Error('boom');
      });
    }
    await settle(system);
    const text = JSON.stringify(reports);
    expect(text.length).toBeLessThan(15_000);
    expect(text).not.toMatch(/p1|s1/);
    const lines = reports.map(({ message }) => message);
    expect(lines.filter((line) => line.length > 300 || /[\n]|\p{Cc}/u.test(line))).toStrictEqual(
      [],
    );
    expect(lines[2]).toContain('{"password":"[redacted]"');
    await system.stop();
  });

  test('XT03 that cannot be read changes nothing', async () => {
    const system = createTestSystem();
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    spawn(system, (self) => {
      setLabel(self, proxy);
      throw new Error('boom');
    });
    await settle(system);
    expect(messages(system)[0]).toContain('"[Proxy]" crashed: Error: boom');
  });

  test('XT04 is in processInfo, in the status of a server and in its errors', async () => {
    const system = createTestSystem();
    const pid = await GenServer.start(system, room, ['room', 7]);
    expect(processInfo(pid)?.label).toStrictEqual(['room', 7]);
    expect((await sys.getStatus(pid)).label).toStrictEqual(['room', 7]);
    const late = GenServer.call(pid, 'wait', undefined, { timeout: 0 }).catch(String);
    expect(await late).toBe(
      `TimeoutError: call "wait" to ${String(pid)} ["room",7] was not answered in time`,
    );
    exit(system, pid, kill);
    expect(await GenServer.call(pid, 'wait').catch(String)).toBe(
      `ExitError: call "wait" to ${String(pid)} ["room",7]: no such process`,
    );
  });

  test('XT04 is next to the name, and in the lists of linked processes and ancestors', async () => {
    const system = createTestSystem();
    const other = await idleProcess(system, { traps: true });
    setLabel(other, 'other');
    spawn(system, (self) => {
      setLabel(self, 'parent');
      register(self, 'lobby', self.pid);
      spawn(self, (child) => {
        link(child, other.pid);
        throw new Error('boom');
      });
      return forever();
    });
    await settle(system);
    expect(system.reports[0]?.details).toMatchObject({
      links: [`${String(other.pid)} "other"`],
      ancestors: ['lobby "parent"', '#Pid<1>'],
    });
  });

  test('XT04 of a child is in the reports and the tree of its supervisor', async () => {
    const system = createTestSystem();
    const supervisor = await Supervisor.startLink(system, {
      strategy: 'oneForOne',
      name: 'hotel',
      children: [GenServer.childSpec(room, ['room', 7], { id: 'seven' })],
    });
    const pid = Supervisor.child(supervisor, 'seven');
    const tree = Supervisor.tree(supervisor);
    expect(tree.children[0]?.label).toStrictEqual(['room', 7]);
    expect(tree.label).toBeUndefined();
    expect(Supervisor.formatTree(tree)).toContain(`seven ${String(pid)} ["room",7], up 0 s`);
    await outcome(GenServer.call(pid, 'fail'));
    await settle(system);
    exit(system, Supervisor.child(supervisor, 'seven'), kill);
    await settle(system);
    expect(messages(system)).toStrictEqual([
      `child "seven" (${String(pid)} ["room",7]) of supervisor hotel crashed: Error: boom`,
      expect.stringMatching(
        /^supervisor hotel: child "seven" \(#Pid<\d+> \["room",7\]\) ended: killed$/,
      ),
    ]);
  });

  test('XT05 can be changed and removed, and ends with the process', async () => {
    const system = createTestSystem();
    const pid = await GenServer.start(system, room, 'a');
    await GenServer.call(pid, 'relabel', 'b');
    expect(getLabel(pid)).toBe('b');
    await GenServer.call(pid, 'relabel', undefined);
    expect([getLabel(pid), processInfo(pid)?.label]).toStrictEqual([undefined, undefined]);
    await GenServer.call(pid, 'relabel', 'c');
    exit(system, pid, kill);
    expect(getLabel(pid)).toBeUndefined();
    expect(getLabel(system.pid)).toBeUndefined();
    expect(() => getLabel('x' as unknown as Pid)).toThrow(TypeError);
  });

  test('a process without one is shown as before', async () => {
    const system = createTestSystem();
    const supervisor = await Supervisor.startLink(system, {
      strategy: 'oneForOne',
      children: [childSpec((parent) => Agent.startLink(parent, () => 0), { id: 'a' })],
    });
    expect(Supervisor.formatTree(Supervisor.tree(supervisor))).toBe(
      '#Pid<2> supervisor, up 0 s\n└── a #Pid<3>, up 0 s',
    );
    const details = (): object => system.reports[0]?.details ?? {};
    spawn(system, () => {
      throw new Error('boom');
    });
    await settle(system);
    expect(details()).not.toHaveProperty('label');
  });
});
