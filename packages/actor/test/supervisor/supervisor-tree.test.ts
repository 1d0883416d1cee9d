import { describe, expect, test } from '@jest/globals';
import {
  Agent,
  childSpec,
  type ChildSpec,
  crash,
  DynamicSupervisor,
  ExitError,
  GenServer,
  name,
  type Pid,
  processes,
  spawn,
  Supervisor,
} from '@reprise/actor';
import { advance, createTestSystem } from '@reprise/actor/testing';

import {
  child,
  end,
  startTree,
  workerOf,
  startSupervisor,
  subSupervisor,
  subSupervisorOf,
  worker,
  workers,
} from '../support/tree.ts';

const counter = (id: string): ChildSpec =>
  childSpec((parent) => Agent.startLink(parent, () => 0), { id });

/** The fields that do not depend on how many processes there were before. */
const shape = ({ id, state, restarts, age, children }: Supervisor.Tree): unknown => [
  id,
  state,
  restarts,
  age,
  ...(children.length === 0 ? [] : [children.map(shape)]),
];

describe('Supervisor.tree', () => {
  test('has every child in start order, with its activity, its restarts and its age in ms', async () => {
    const log: unknown[] = [];
    const all = await startTree(
      log,
      [
        ...workers(log, 'a'),
        subSupervisor('b', workers(log, 'x', 'y')),
        child({ id: 'c', log, plan: ['ignore'] }),
        child(
          { id: 'd', log },
          { restartDelay: { minDelay: 1e6, maxDelay: 1e6, healthyAfter: 1 } },
        ),
      ],
      { strategy: 'oneForOne' },
    );
    await advance(all.system, 1000);
    await end(all, 'a');
    await end({ ...all, supervisor: subSupervisorOf(all.supervisor, 'b') }, 'y');
    await end(all, 'd');
    await advance(all.system, 500);
    expect(shape(Supervisor.tree(all.supervisor))).toStrictEqual([
      undefined,
      'running',
      0,
      1500,
      [
        ['a', 'running', 1, 500],
        [
          'b',
          'running',
          0,
          1500,
          [
            ['x', 'running', 0, 1500],
            ['y', 'running', 1, 500],
          ],
        ],
        ['c', 'stopped', 0, undefined],
        ['d', 'restarting', 1, undefined],
      ],
    ]);
  });

  test('has the pids and the registered names', async () => {
    const log: unknown[] = [];
    const { supervisor } = await startTree(
      log,
      [GenServer.childSpec(worker, { id: 'a', log }, { id: 'a', name: 'N' }), ...workers(log, 'b')],
      { name: 'S' },
    );
    const { pid, name, type, children } = Supervisor.tree(supervisor);
    expect([pid, name, type]).toStrictEqual([supervisor, 'S', 'supervisor']);
    expect(children.map((node) => [node.pid, node.name, node.type])).toStrictEqual([
      [workerOf(supervisor, 'a'), 'N', 'worker'],
      [workerOf(supervisor, 'b'), undefined, 'worker'],
    ]);
  });

  test('has the children of dynamic supervisors', async () => {
    const { system, supervisor } = await startTree(
      [],
      [DynamicSupervisor.childSpec({ id: 'rooms' })],
    );
    const rooms: Pid = Supervisor.child(supervisor, 'rooms');
    await DynamicSupervisor.startChild(rooms as never, counter('room'));
    await advance(system, 10);
    const expected = ['rooms', 'running', 0, 10, [['room', 'running', 0, 10]]];
    expect(shape(Supervisor.tree(supervisor))).toStrictEqual([
      undefined,
      'running',
      0,
      10,
      [expected],
    ]);
    expect(shape(Supervisor.tree(rooms))).toStrictEqual([
      undefined,
      'running',
      0,
      10,
      [['room', 'running', 0, 10]],
    ]);
  });

  test('is a snapshot, and available while the supervisor is busy', async () => {
    const log: unknown[] = [];
    const { system, supervisor } = await startTree(log, workers(log, 'a'));
    const started = Supervisor.startChild(supervisor, child({ id: 'b', log, initTime: 100 }));
    await advance(system, 50);
    const during = Supervisor.tree(supervisor);
    await advance(system, 50);
    await started;
    const states = ({ children }: Supervisor.Tree): unknown =>
      children.map(({ id, state }) => [id, state]);
    expect(states(during)).toStrictEqual([
      ['a', 'running'],
      ['b', 'stopped'],
    ]);
    expect(states(Supervisor.tree(supervisor))).toStrictEqual([
      ['a', 'running'],
      ['b', 'running'],
    ]);
  });

  test('can be asked for by name', async () => {
    const { system, supervisor } = await startTree([], [], { name: 'S' });
    expect(Supervisor.tree(name('S').in(system)).pid).toBe(supervisor);
  });

  test('of a supervisor that has ended, or of a free name, throws noproc', async () => {
    const { system, supervisor } = await startTree([], []);
    await Supervisor.stop(supervisor);
    expect(() => Supervisor.tree(supervisor)).toThrow(ExitError);
    expect(() => Supervisor.tree(name('free').in(system))).toThrow(
      'tree of "free": no such process',
    );
  });

  test('of another process throws', () => {
    const system = createTestSystem();
    const pid = spawn(system, () => new Promise(() => {}));
    expect(() => Supervisor.tree(pid)).toThrow(TypeError);
    expect(() => Supervisor.tree(pid)).toThrow(/^Expected a supervisor that is up, got /);
  });
});

describe('Supervisor.formatTree', () => {
  const node = (change: Partial<Supervisor.Tree>): Supervisor.Tree => ({
    id: undefined,
    pid: undefined,
    name: undefined,
    type: 'worker',
    state: 'stopped',
    restarts: 0,
    age: undefined,
    children: [],
    ...change,
  });

  test('draws a line a process, like the listing of a directory', () => {
    const up = { state: 'running' as const, age: 90_000 };
    const supervisor = { ...up, type: 'supervisor' as const };
    const tree = node({
      ...supervisor,
      name: 'app',
      children: [
        node({ ...up, id: 'db', name: 'db' }),
        node({
          ...supervisor,
          id: 'feeds',
          restarts: 1,
          children: [
            node({ ...up, id: 'prices', name: 'prices feed', restarts: 12 }),
            node({ id: 'news', state: 'restarting', restarts: 2 }),
          ],
        }),
        node({ ...supervisor, id: 'web', children: [node({ ...up, id: 'http' })] }),
        node({ id: 'log' }),
      ],
    });
    expect(Supervisor.formatTree(tree)).toBe(
      [
        'app supervisor, up 90 s',
        '├── db, up 90 s',
        '├── feeds supervisor, up 90 s, 1 restart',
        '│   ├── prices prices feed, up 90 s, 12 restarts',
        '│   └── news, restarting, 2 restarts',
        '├── web supervisor, up 90 s',
        '│   └── http, up 90 s',
        '└── log, stopped',
      ].join('\n'),
    );
  });

  test('has the pids', async () => {
    const { supervisor } = await startTree([], workers([], 'a'), { name: 'app' });
    expect(Supervisor.formatTree(Supervisor.tree(supervisor))).toBe(
      [
        `app ${String(supervisor)} supervisor, up 0 s`,
        `└── a ${String(workerOf(supervisor, 'a'))}, up 0 s`,
      ].join('\n'),
    );
  });

  test.each([
    [0, '0 s'],
    [999, '0 s'],
    [119_999, '119 s'],
    [120_000, '2 min'],
    [7_199_999, '119 min'],
    [7_200_000, '2 h'],
    [172_799_999, '47 h'],
    [172_800_000, '2 d'],
    [8_640_000_000, '100 d'],
  ])('writes %i ms as %s', (age, text) => {
    expect(Supervisor.formatTree(node({ id: 'a', state: 'running', age }))).toBe(`a, up ${text}`);
  });
});

describe('a start that fails', () => {
  const refused = new Error('listen EADDRINUSE');
  const http = childSpec(() => Promise.reject(refused), { id: 'http' });

  test('SS05 shows the child, its supervisors and the reason as a tree', async () => {
    const log: unknown[] = [];
    const web = subSupervisor('web', [...workers(log, 'a'), subSupervisor('servers', [http])]);
    const failed: unknown = await startSupervisor(
      createTestSystem(),
      [...workers(log, 'db'), web],
      {
        name: 'app',
      },
    ).catch((thrown: unknown) => thrown);
    expect(failed).toBeInstanceOf(ExitError);
    const { message, cause } = failed as ExitError;
    expect(message).toBe(
      [
        'start of app: a child failed to start',
        '└── web',
        '    └── servers',
        '        └── http: Error: listen EADDRINUSE',
      ].join('\n'),
    );
    expect(cause).toBe(refused);
  });

  test('SS05 leaves nothing half-started behind, however deep', async () => {
    const log: unknown[] = [];
    const system = createTestSystem();
    const web = subSupervisor('web', [
      ...workers(log, 'a'),
      subSupervisor('servers', [...workers(log, 'b'), http]),
    ]);
    const started = startSupervisor(system, [
      ...workers(log, 'db'),
      subSupervisor('caches', workers(log, 'c')),
      web,
    ]);
    await expect(started).rejects.toThrow(ExitError);
    expect(processes(system)).toStrictEqual([system.pid]);
    expect(log.map((entry) => (entry as string[]).slice(0, 2).join(' '))).toStrictEqual([
      'started db',
      'started c',
      'started a',
      'started b',
      'terminated b',
      'terminated a',
      'terminated c',
      'terminated db',
    ]);
  });

  test('SA03 of a supervisor by startChild shows that as well', async () => {
    const { supervisor } = await startTree([], []);
    const failed: unknown = await Supervisor.startChild(
      supervisor,
      subSupervisor('web', [http]),
    ).catch((thrown: unknown) => thrown);
    expect((failed as ExitError).message).toBe(
      [
        `start of a child of ${String(supervisor)}: a child failed to start`,
        '└── web',
        '    └── http: Error: listen EADDRINUSE',
      ].join('\n'),
    );
    expect((failed as ExitError).cause).toBe(refused);
  });

  test('an id in it has no part of a secret that is cut', async () => {
    const system = createTestSystem();
    const id = `${'x'.repeat(70)} https://joe:SECRET-SECRET@host/`;
    const spec = childSpec(() => Promise.reject(refused), { id });
    const failed: unknown = await Supervisor.startLink(system, {
      strategy: 'oneForOne',
      children: [spec],
    }).catch((error: unknown) => error);
    const kept = childSpec((parent) => Agent.startLink(parent, () => 0), { id });
    const pid = await Supervisor.startLink(system, { strategy: 'oneForOne', children: [kept] });
    const drawn = Supervisor.formatTree(Supervisor.tree(pid));
    const lines = [String(failed), drawn, ...system.reports.map(({ message }) => message)];
    expect(drawn).toContain('https://');
    expect(lines.join('\n')).not.toContain('SEC');
    await system.stop();
  });

  test('a reason that is no start of a child stays on one line', () => {
    const { message, cause } = new ExitError(crash(refused), 'call');
    expect(message).toBe('call: Error: listen EADDRINUSE');
    expect(cause).toBe(refused);
  });
});

describe('a tree of a great depth', () => {
  const depth = 1000;
  const nested = (level: number): ReturnType<typeof Supervisor.childSpec> =>
    Supervisor.childSpec({
      id: `level ${level}`,
      strategy: 'oneForOne',
      children: level === depth ? [] : [nested(level + 1)],
    });

  test('is read whole, and drawn down to 50 levels', async () => {
    const system = createTestSystem();
    const top = await Supervisor.startLink(system, {
      strategy: 'oneForOne',
      children: [nested(1)],
    });
    let levels = 0;
    for (
      let node: Supervisor.Tree | undefined = Supervisor.tree(top).children[0];
      node !== undefined;
    ) {
      levels += 1;
      [node] = node.children;
    }
    expect(levels).toBe(depth);
    const lines = Supervisor.formatTree(Supervisor.tree(top)).split('\n');
    expect(lines).toHaveLength(51);
    expect(lines.at(-1)).toMatch(/level 50 .*, …$/);
    await system.stop();
  });

  test('that is no process any more is drawn in a bounded number of lines', () => {
    const leaf = {
      id: 'x'.repeat(10_000),
      pid: undefined,
      name: undefined,
      type: 'worker',
      state: 'stopped',
    } as const;
    const numbers = { restarts: 0, age: undefined };
    let tree: Supervisor.Tree = { ...leaf, ...numbers, children: [] };
    const children = Array.from({ length: 200_000 }, () => tree);
    for (let level = 0; level < 100_000; level++) {
      tree = { ...leaf, ...numbers, children: [tree] };
    }
    expect(Supervisor.formatTree(tree).split('\n')).toHaveLength(51);
    const wide = Supervisor.formatTree({ ...leaf, ...numbers, children });
    expect(wide.split('\n')).toHaveLength(10_001);
    expect(wide.length).toBeLessThan(2_000_000);
  });
});
