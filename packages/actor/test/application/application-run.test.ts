import { describe, expect, test } from '@jest/globals';
import { Application, createSystem, Supervisor } from '@reprise/actor';

import { type Program, runProgram } from '../support/program.ts';

const service = (name: string): Program => runProgram('service', name);

/** A program whose stderr is closed at the other end, as after `2>&1 | head -1`. */
const unreadService = (name: string): Program => {
  const program = runProgram('service', name);
  program.closeStderr();
  return program;
};

const up = ['starting', 'starting a', 'started a', 'starting b', 'started b', 'running'];
const down = ['terminating b shutdown', 'terminating a shutdown', 'stopped'];

describe('Application.run', () => {
  test.each(['SIGTERM', 'SIGINT'] as const)(
    'SD01 stops the tree in order at %s, and ends with status 0',
    async (signal) => {
      const program = service('idle');
      await program.line('running');
      program.signal(signal);
      const { status, lines, stderr } = await program.ended;
      expect(lines.filter((line) => line !== 'alive')).toStrictEqual([...up, ...down]);
      expect(stderr).toBe('');
      expect(status).toBe(0);
    },
  );

  test('keeps the program alive while the tree runs, though nothing else does', async () => {
    const program = service('idle');
    await program.line('alive');
    program.signal('SIGTERM');
    const { status, lines } = await program.ended;
    expect(lines).toStrictEqual([...up, 'alive', ...down]);
    expect(status).toBe(0);
  });

  test.each([
    ['SIGTERM', 143],
    ['SIGINT', 130],
  ] as const)('SD10 ends the program at once with a second %s, status %i', async (signal, code) => {
    const program = service('hanging');
    await program.line('running');
    program.signal(signal);
    await program.line('terminating b shutdown');
    program.signal(signal);
    const { status, lines } = await program.ended;
    expect(lines).toStrictEqual([...up, 'terminating b shutdown', 'stopping']);
    expect(status).toBe(code);
  });

  test('SD11 at the deadline kills the processes that are left, reports them, and ends with status 1', async () => {
    const program = service('deadline');
    await program.line('running');
    program.signal('SIGTERM');
    const { status, lines, stderr } = await program.ended;
    expect(lines).toContain('terminating b shutdown');
    expect(lines.at(-1)).toBe('stopped');
    expect(stderr).toMatch(
      /^not stopped within 50 ms, killed: application main, #Pid<3>, #Pid<4>, #Pid<5>\n/,
    );
    expect(status).toBe(1);
  });

  test.each([
    ['uncaught', 'uncaughtException: Error: not caught'],
    ['unhandled', 'unhandledRejection: Error: not handled'],
  ])(
    'stops the tree in order after an exception that is %s, and ends with status 1',
    async (name, text) => {
      const { status, lines, stderr } = await service(name).ended;
      expect(lines).toStrictEqual([...up, ...down]);
      expect(stderr).toContain(text);
      expect(status).toBe(1);
    },
  );

  test('ends with status 1 when the supervisor gives up, even if exitCode is set', async () => {
    const { status, lines, stderr } = await service('gaveUp').ended;
    expect(lines).toStrictEqual([
      ...up,
      'terminating a crash',
      'terminating b shutdown',
      'stopped',
    ]);
    expect(stderr).toMatch(/gave up: child "a" .* failed once: Error: broken/);
    expect(stderr).toMatch(/\nended: supervisor .* gave up: child "a" .*: Error: broken\n$/);
    expect(status).toBe(1);
  });

  test('ends with status 0 when the tree ends by autoShutdown', async () => {
    const { status, lines } = await service('autoShutdown').ended;
    expect(lines).toStrictEqual([
      ...up,
      'terminating b normal',
      'terminating a shutdown',
      'stopped',
    ]);
    expect(status).toBe(0);
  });

  test('ends with status 0 when the top supervisor is stopped', async () => {
    const { status, lines } = await service('stopped').ended;
    expect(lines.slice(-2)).toStrictEqual(['terminating a shutdown', 'stopped']);
    expect(status).toBe(0);
  });

  test('ends with status 1 when the top supervisor is killed', async () => {
    const { status, lines, stderr } = await service('killed').ended;
    expect(lines.at(-1)).toBe('stopped');
    expect(stderr).toContain('application main ended: it is permanent, the system stops: killed');
    expect(status).toBe(1);
  });

  test('ends with status 0 when it is asked to stop, once or twice', async () => {
    const { status, lines } = await service('asked').ended;
    expect(lines.slice(-4)).toStrictEqual([
      'stopping',
      'terminating a shutdown',
      'nothing left to do',
      'stopped',
    ]);
    expect(status).toBe(0);
  });

  test('ends with status 1 after an exception while it stops', async () => {
    const program = service('late');
    await program.line('running');
    program.signal('SIGTERM');
    const { status, lines, stderr } = await program.ended;
    expect(lines.slice(-2)).toStrictEqual(['terminating a shutdown', 'stopped']);
    expect(stderr).toContain('uncaughtException: Error: thrown while it stops');
    expect(status).toBe(1);
  });

  test('SD05 ends with status 1 when the start fails, names the child, and leaves no process half-started', async () => {
    const { status, lines, stderr } = await service('startFails').ended;
    expect(lines).toStrictEqual([
      'starting',
      'starting a',
      'started a',
      'starting b',
      'started b',
      'starting c',
      'terminating b shutdown',
      'terminating a shutdown',
      'not ready: start of application main: a child failed to start',
      '└── web',
      '    └── c: Error: no c',
      'stopped',
    ]);
    expect(stderr).toContain('the start failed');
    expect(status).toBe(1);
  });

  test('stops only after a start in progress has ended', async () => {
    const program = service('slowStart');
    await program.line('starting b');
    program.signal('SIGTERM');
    const { status, lines } = await program.ended;
    expect(lines).toStrictEqual([
      'starting',
      'starting a',
      'started a',
      'starting b',
      'started b',
      'terminating b shutdown',
      'terminating a shutdown',
      'not ready: call "top" to application main: shutdown',
      'stopped',
    ]);
    expect(status).toBe(0);
  });

  test('kills a start that never ends, when the deadline is over', async () => {
    const program = service('endlessStart');
    await program.line('starting b');
    program.signal('SIGTERM');
    const { status, lines } = await program.ended;
    expect(lines.slice(0, 4)).toStrictEqual(['starting', 'starting a', 'started a', 'starting b']);
    expect(lines).toContain('not ready: start of application main: killed');
    expect(status).toBe(1);
  });

  test('ends the program even if a timer is still pending', async () => {
    const program = service('leaking');
    await program.line('running');
    program.signal('SIGTERM');
    const { status, lines } = await program.ended;
    expect(lines.slice(-2)).toStrictEqual(['terminating a shutdown', 'stopped']);
    expect(status).toBe(0);
  });

  test.each([
    ['exits', 1],
    ['exitsWell', 1],
    ['exitsBadly', 7],
  ])('never ends with 0 when other code ends the program: %s', async (name, code) => {
    const { status, lines } = await service(name).ended;
    expect(lines.at(-1)).toBe('running');
    expect(status).toBe(code);
  });

  test('goes on when the reader of stderr has gone', async () => {
    const program = unreadService('unread');
    const { status, lines } = await program.ended;
    expect(lines).toStrictEqual(['starting a', 'started a', 'running', 'terminating a shutdown']);
    expect(status).toBe(0);
  });

  test('runs a child spec without restarting its process', async () => {
    const { status, lines, stderr } = await service('lone').ended;
    expect(lines).toStrictEqual([
      'starting',
      '',
      'starting a',
      'started a',
      'running',
      'terminating a crash',
      'stopped',
    ]);
    expect(stderr).toContain('ended: Error: broken');
    expect(status).toBe(1);
  });

  test('runs the tree that a function returns', async () => {
    const program = service('byFunction');
    await program.line('running');
    program.signal('SIGTERM');
    const { status, lines } = await program.ended;
    expect(lines.slice(-2)).toStrictEqual(['terminating a shutdown', 'stopped']);
    expect(status).toBe(0);
  });

  test('ends the tree, with status 1, when another process that is linked to the system crashes', async () => {
    const { status, lines } = await service('linked').ended;
    expect(lines.slice(-3)).toStrictEqual([
      'terminating z crash',
      'terminating a shutdown',
      'stopped',
    ]);
    expect(status).toBe(1);
  });

  test('SD01, SD04 runs an application after those that it needs, and stops them in reverse order', async () => {
    const program = service('applications');
    await program.line('running');
    program.signal('SIGTERM');
    const { status, lines } = await program.ended;
    expect(lines).toStrictEqual([
      ...up,
      'prepStop shop',
      'terminating b shutdown',
      'stop shop',
      'prepStop store',
      'terminating a shutdown',
      'stop store',
      'stopped',
    ]);
    expect(status).toBe(0);
  });

  test('SD08 ends with status 1 when an application that it needs gives up', async () => {
    const { status, lines } = await service('needed').ended;
    expect(lines).toStrictEqual([
      ...up,
      'terminating a crash',
      'prepStop shop',
      'terminating b shutdown',
      'stop shop',
      'stopped',
    ]);
    expect(status).toBe(1);
  });

  test('throws on a host that runs no programs', async () => {
    const { lines } = await service('noProcess').ended;
    expect(lines).toStrictEqual([
      'Error: Expected a host that runs programs, such as Node, Deno or Bun, got none: use createSystem, and stop it when it suits',
    ]);
  });

  test.each([
    ['status', 'status 1 shutdown', 3],
    ['startStatus', 'status 1 shutdown', 4],
  ])('lets exitStatus decide: %s', async (name, line, code) => {
    const { status, lines } = await service(name).ended;
    expect(lines).toContain(line);
    expect(status).toBe(code);
  });

  test('gives exitStatus the failure for which the supervisors gave up', async () => {
    const { status, lines } = await service('causeStatus').ended;
    expect(lines).toContain('status 1 shutdown crash broken');
    expect(status).toBe(8);
  });

  test('gives exitStatus the uncaught exception', async () => {
    const { status } = await service('uncaughtStatus').ended;
    expect(status).toBe(6);
  });

  test('ends with status 1 when exitStatus throws, and reports that', async () => {
    const { status, stderr } = await service('statusThrows').ended;
    expect(stderr).toContain('exitStatus failed: Error: no status');
    expect(status).toBe(1);
  });

  test('ends with status 1 when exitStatus returns no whole number, and says so', async () => {
    const { status, stderr } = await service('statusIsNoNumber').ended;
    expect(stderr).toContain(
      'exitStatus failed: TypeError: Expected exitStatus to return a whole number, got 0.5',
    );
    expect(status).toBe(1);
  });

  test.each<readonly [string, unknown, string]>([
    ['nothing', undefined, 'Expected a tree to run, got undefined'],
    ['a text', 'tree', 'Expected a tree to run, got "tree"'],
    ['an object of no kind', {}, 'Expected a child spec with an id, got {}'],
  ])('refuses %s', (_what, tree, message) => {
    expect(() => Application.run(tree as never)).toThrow(new TypeError(message));
  });

  test.each([-1, 0.5, Number.NaN, '10'])('refuses a deadline of %p', (deadline) => {
    const tree = { strategy: 'oneForOne', children: [] } as const;
    expect(() => Application.run(tree, { deadline: deadline as number })).toThrow(RangeError);
  });

  test('refuses an exitStatus that is not a function', () => {
    const tree = { strategy: 'oneForOne', children: [] } as const;
    expect(() => Application.run(tree, { exitStatus: 3 as never })).toThrow(
      new TypeError(
        'Expected exitStatus to be a function (reason, status, cause) => number, got 3',
      ),
    );
  });
});

test('an embedded system listens to no event of the host', async () => {
  const count = (): number =>
    process.eventNames().reduce((sum, event) => sum + process.listenerCount(event), 0);
  const before = count();
  const systems = [createSystem(), createSystem()];
  await Promise.all(systems.map((system) => Application.start(system, idle)));
  expect(count()).toBe(before);
  await Promise.all(systems.map((system) => system.stop()));
  expect(process.exitCode).toBeUndefined();
});

const idle = Application.define({
  name: 'idle',
  start: (self) => Supervisor.startLink(self, { strategy: 'oneForOne', children: [] }),
});
