import { describe, expect, test } from '@jest/globals';
import {
  Agent,
  childSpec,
  exit,
  type ExitError,
  isAlive,
  kill,
  name,
  type Pid,
  shutdown,
  Supervisor,
} from '@reprise/actor';
import { advance, createTestSystem, settle, type TestSystem } from '@reprise/actor/testing';

const counter = <const Id extends string>(id: Id, options: object = {}) =>
  childSpec((parent) => Agent.startLink(parent, () => 0), { id, ...options });

function start(system: TestSystem, options: object = {}) {
  return Supervisor.startLink(system, {
    strategy: 'oneForOne',
    name: 'app',
    children: [counter('a', options), counter('b')],
  });
}

describe('whenChild', () => {
  test('resolves at once with the pid of a child that runs', async () => {
    const system = createTestSystem();
    const app = await start(system);
    expect(await Supervisor.whenChild(app, 'a')).toBe(Supervisor.child(app, 'a'));
    await system.stop();
  });

  test('right after a crash resolves with the process of the restart', async () => {
    const system = createTestSystem();
    const app = await start(system);
    const before = Supervisor.child(app, 'a');
    exit(system, before, kill);
    const after = await Supervisor.whenChild(app, 'a');
    expect(after).not.toBe(before);
    expect(isAlive(after)).toBe(true);
    expect(await Agent.get(after, (n) => n)).toBe(0);
    await system.stop();
  });

  test('waits for a restart delay, with every caller, and by the name of the supervisor too', async () => {
    const system = createTestSystem();
    const restartDelay = { minDelay: 1000, maxDelay: 1000, healthyAfter: 1 };
    const app = await start(system, { restartDelay });
    exit(system, Supervisor.child(app, 'a'), kill);
    const waits = [
      Supervisor.whenChild(app, 'a'),
      Supervisor.whenChild(name<Supervisor.Pid<{ a: Pid }>>('app').in(system), 'a'),
    ];
    await settle(system);
    expect(() => Supervisor.child(app, 'a')).toThrow('child "a" of #Pid<2>, restarting');
    await advance(system, 1000);
    const pid = Supervisor.child(app, 'a');
    expect(await Promise.all(waits)).toEqual([pid, pid]);
    await system.stop();
  });

  test('waits for a child that was terminated, until a request starts it', async () => {
    const system = createTestSystem();
    const app = await start(system);
    await Supervisor.terminateChild(app, 'a');
    const waiting = Supervisor.whenChild(app, 'a', { timeout: Infinity });
    const pid = await Supervisor.restartChild(app, 'a');
    expect(await waiting).toBe(pid);
    await system.stop();
  });

  test('is rejected after its timeout, 5 s by default, and is then forgotten', async () => {
    const system = createTestSystem();
    const app = await start(system);
    await Supervisor.terminateChild(app, 'a');
    const ends: string[] = [];
    const wait = async (options?: { readonly timeout: number }): Promise<void> => {
      await Supervisor.whenChild(app, 'a', options).catch(({ name: error }: Error) =>
        ends.push(error),
      );
    };
    const waits = [wait({ timeout: 100 }), wait()];
    await advance(system, 4999);
    expect(ends).toEqual(['TimeoutError']);
    await advance(system, 1);
    await Promise.all(waits);
    expect(ends).toEqual(['TimeoutError', 'TimeoutError']);
    await system.stop();
  });

  test('of an unknown id, and of a temporary child that has ended, is noproc', async () => {
    const system = createTestSystem();
    const app = await start(system, { restart: 'temporary' });
    exit(system, Supervisor.child(app, 'a'), kill);
    await expect(Supervisor.whenChild(app, 'a')).rejects.toThrow(
      'child "a" of #Pid<2>: no such process',
    );
    // @ts-expect-error -- not a child
    await expect(Supervisor.whenChild(app, 'c')).rejects.toThrow(
      'child "c" of #Pid<2>: no such process',
    );
    await system.stop();
  });

  test('ends with the supervisor', async () => {
    const system = createTestSystem();
    const app = await start(system);
    await Supervisor.terminateChild(app, 'a');
    const reason = Supervisor.whenChild(app, 'a').catch((error: ExitError) => error.reason);
    await settle(system);
    await Supervisor.stop(app, shutdown);
    expect(await reason).toEqual(shutdown);
    await expect(Supervisor.whenChild(app, 'a')).rejects.toThrow('no such process');
    await system.stop();
  });

  test('has the type of the child', async () => {
    const system = createTestSystem();
    const app = await start(system);
    const pid: Agent.Agent<number> = await Supervisor.whenChild(app, 'b');
    expect(isAlive(pid)).toBe(true);
    await system.stop();
  });
});
