import { describe, expect, jest, test } from '@jest/globals';
import { DynamicSupervisor, exit, kill, normal, shutdown, Supervisor } from '@reprise/actor';
import { advance, createTestSystem, settle } from '@reprise/actor/testing';

import {
  child,
  crashed,
  end,
  hasTerminated,
  refusal,
  startTree,
  type Worker,
  workerOf,
  workers,
} from '../support/tree.ts';

describe('onChildExit', () => {
  test('is called with the id, the pid and the reason when a child is not restarted', async () => {
    const log: unknown[] = [];
    const onChildExit = jest.fn();
    const tree = await startTree(
      log,
      [
        child({ id: 'a', log }, { restart: 'temporary' }),
        child({ id: 'b', log }, { restart: 'transient' }),
        child({ id: 'c', log }),
      ],
      { onChildExit },
    );
    const [a, b] = [workerOf(tree.supervisor, 'a'), workerOf(tree.supervisor, 'b')];
    await end(tree, 'a', crashed);
    await end(tree, 'b', normal);
    await end(tree, 'c', crashed);
    expect(onChildExit.mock.calls).toStrictEqual([
      [{ id: 'a', pid: a, reason: crashed }],
      [{ id: 'b', pid: b, reason: normal }],
    ]);
  });

  test('is called before the supervisor ends by autoShutdown', async () => {
    const log: unknown[] = [];
    const spec = child({ id: 'a', log }, { restart: 'temporary', significant: true });
    const tree = await startTree(log, [spec], {
      autoShutdown: 'anySignificant',
      onChildExit: ({ id }) => log.push(['over', id]),
    });
    log.length = 0;
    await end(tree, 'a', crashed);
    expect(log).toStrictEqual([
      hasTerminated('a', crashed),
      ['over', 'a'],
      ['supervisor', shutdown],
    ]);
  });

  test('is called for the child that makes the supervisor give up', async () => {
    const log: unknown[] = [];
    const onChildExit = jest.fn();
    const tree = await startTree(log, workers(log, 'a', 'b'), { maxRestarts: 0, onChildExit });
    const a = workerOf(tree.supervisor, 'a');
    await end(tree, 'a', crashed);
    expect(onChildExit.mock.calls).toStrictEqual([[{ id: 'a', pid: a, reason: crashed }]]);
  });

  test('has the reason of the last failed restart', async () => {
    const log: unknown[] = [];
    const onChildExit = jest.fn();
    const failing = child({ id: 'a', log, plan: ['run', refusal, refusal] });
    const tree = await startTree(log, [failing], { maxRestarts: 2, onChildExit });
    const a = workerOf(tree.supervisor, 'a');
    await end(tree, 'a', crashed);
    expect(onChildExit.mock.calls).toStrictEqual([[{ id: 'a', pid: a, reason: refusal }]]);
  });

  test('is not called for children that the supervisor shuts down', async () => {
    const log: unknown[] = [];
    const onChildExit = jest.fn();
    const specs = ['a', 'b'].map((id) => child({ id, log }, { restart: 'temporary' }));
    const tree = await startTree(log, specs, { onChildExit });
    await Supervisor.terminateChild(tree.supervisor, 'a');
    await Supervisor.stop(tree.supervisor);
    expect(onChildExit).not.toHaveBeenCalled();
  });

  test('that throws is reported, and changes nothing', async () => {
    const log: unknown[] = [];
    const spec = child({ id: 'a', log }, { restart: 'temporary' });
    const tree = await startTree(log, [spec, ...workers(log, 'b')], {
      onChildExit: () => {
        throw new Error('jammed');
      },
    });
    await end(tree, 'a', crashed);
    expect(tree.system.reports.at(-1)?.message).toMatch(
      /onChildExit failed for child a: Error: jammed/,
    );
    expect(await Supervisor.countChildren(tree.supervisor)).toMatchObject({ specs: 1, active: 1 });
  });

  test('that is async and fails is reported, and no rejection is left', async () => {
    const log: unknown[] = [];
    const spec = child({ id: 'a', log }, { restart: 'temporary' });
    const onChildExit = (): unknown => Promise.reject(new Error('jammed'));
    const tree = await startTree(log, [spec, ...workers(log, 'b')], { onChildExit });
    await end(tree, 'a', crashed);
    await settle(tree.system);
    expect(tree.system.reports.at(-1)?.message).toMatch(
      /onChildExit failed for child a: Error: jammed/,
    );
    expect(await Supervisor.countChildren(tree.supervisor)).toMatchObject({ specs: 1, active: 1 });
  });

  test.each([null, 'log', 1])('is refused unless it is a function: %p', (onChildExit) => {
    const options = { id: 'x', strategy: 'oneForOne', children: [], onChildExit } as never;
    expect(() => Supervisor.childSpec(options)).toThrow(
      /^Expected onChildExit to be a function \(exit\) => void, got /,
    );
  });
});

test('a dynamic supervisor calls onChildExit as well', async () => {
  const log: unknown[] = [];
  const onChildExit = jest.fn();
  const system = createTestSystem();
  const supervisor = await DynamicSupervisor.startLink(system, { onChildExit });
  const spec = child({ id: 'a', log }, { restart: 'temporary' });
  const pid = (await DynamicSupervisor.startChild(supervisor, spec)) as Worker;
  exit(system, pid, kill);
  await settle(system);
  await advance(system, 1);
  expect(onChildExit.mock.calls).toStrictEqual([[{ id: 'a', pid, reason: { type: 'killed' } }]]);
});
