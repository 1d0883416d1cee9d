import { AsyncLocalStorage } from 'node:async_hooks';

import { beforeEach, describe, expect, test } from '@jest/globals';
import {
  Agent,
  cancelTimer,
  childSpec,
  createSystem,
  DynamicSupervisor,
  exit,
  GenServer,
  kill,
  noreply,
  ok,
  type Pid,
  type Process,
  reply,
  send,
  sendAfter,
  sendInterval,
  spawn,
  stop,
  Supervisor,
  sys,
  Task,
} from '@reprise/actor';
import { advance, createTestSystem, settle, type TestSystem } from '@reprise/actor/testing';

const storage = new AsyncLocalStorage<string>();
const here = (): string | undefined => storage.getStore();
let requests = 0;

/** Calls `act` as a request of a program would: in an async context of its own. */
function request<Value>(act: () => Value): Value {
  requests += 1;
  return storage.run(`request ${requests}`, act);
}

let system: TestSystem;
beforeEach(() => {
  requests = 0;
  system = storage.run('system', createTestSystem);
});

/** A server that logs in which context its callbacks run. */
function logging(log: string[]) {
  const tell = (what: string): void => void log.push(`${what} in ${here()}`);
  return GenServer.define({
    init: () => {
      tell('init');
      return ok(0);
    },
    handleCall: {
      get: async (_, state) => {
        tell('call');
        await undefined;
        tell('call after await');
        return reply(state, state, { continue: 'next' });
      },
    },
    handleCast: {
      add: (by: number, state) => {
        tell('cast');
        return noreply(state + by, { timeout: 10 });
      },
      end: (_, state) => stop({ type: 'shutdown' }, state),
    },
    handleInfo: (message: unknown, state) => {
      tell(`info ${JSON.stringify(message)}`);
      return noreply(state);
    },
    handleContinue: (_: string, state) => {
      tell('continue');
      return noreply(state);
    },
    terminate: () => {
      tell('terminate');
    },
  });
}

describe('the processes of a system run in the context in which it was made', () => {
  test('the callbacks of a server, for every sender', async () => {
    const log: string[] = [];
    const server = await request(() => GenServer.start(system, logging(log), undefined));
    await request(() => GenServer.call(server, 'get'));
    request(() => {
      GenServer.cast(server, 'add', 1);
    });
    await request(() => advance(system, 10));
    request(() => {
      send(server as Pid as Pid<unknown>, 'sent');
    });
    await request(() => settle(system));
    await request(() => GenServer.stop(server));
    expect(log).toStrictEqual(
      [
        'init',
        'call',
        'call after await',
        'continue',
        'cast',
        'info {"type":"timeout"}',
        'info "sent"',
        'terminate',
      ].map((what) => `${what} in system`),
    );
  });

  test('each message, and not the first that woke the scheduler', async () => {
    const log: string[] = [];
    const all = await Promise.all(
      ['a', 'b', 'c'].map(() => GenServer.start(system, logging(log), undefined)),
    );
    log.length = 0;
    for (const server of all) {
      request(() => {
        GenServer.cast(server, 'add', 1);
      });
    }
    await settle(system);
    expect(log).toStrictEqual(all.map(() => 'cast in system'));
  });

  test('functions that are processes: their start, each receive, and its match function', async () => {
    const log: unknown[] = [];
    const pid = request(() =>
      spawn<string>(system, async (self) => {
        log.push(here());
        await self.receive((message) => {
          log.push(here());
          return message === 'b';
        });
        log.push(here());
        await self.receive(() => log.push(here()) === 0, { timeout: 10 });
        log.push(here());
      }),
    );
    await settle(system);
    request(() => send(pid, 'a'));
    await settle(system);
    request(() => send(pid, 'b'));
    await request(() => advance(system, 10));
    expect(log).toStrictEqual(log.map(() => 'system'));
    expect(log.length).toBeGreaterThan(5);
  });

  test('timers, set by anybody', async () => {
    const log: string[] = [];
    const server = await GenServer.start(system, logging(log), undefined);
    log.length = 0;
    const to = server as Pid as Pid<unknown>;
    request(() => sendAfter(to, 'after', 5));
    const interval = request(() => sendInterval(to, 'interval', 3));
    await request(() => advance(system, 5));
    cancelTimer(interval);
    expect(log).toStrictEqual(['info "interval" in system', 'info "after" in system']);
  });

  test('tasks, agents, and the functions that sys runs', async () => {
    const log: unknown[] = [];
    const task = request(() => Task.async(system, async () => log.push(here())));
    await Task.await(system, task);
    const agent = await request(() => Agent.start(system, () => log.push(here())));
    await request(() => Agent.update(agent, () => log.push(here())));
    await request(() => sys.replaceState(agent, () => log.push(here())));
    expect(log).toStrictEqual(['system', 'system', 'system', 'system']);
  });

  test('the start functions of supervisors, at the start, later, and at a restart', async () => {
    const log: unknown[] = [];
    const start = (parent: Process): Promise<Pid> => {
      log.push(here());
      return Agent.startLink(parent, () => log.push(here()));
    };
    const supervisor = await request(() =>
      Supervisor.startLink(system, {
        strategy: 'oneForOne',
        children: [childSpec(start, { id: 'a' })],
      }),
    );
    await request(() => Supervisor.startChild(supervisor, childSpec(start, { id: 'b' })));
    request(() => {
      exit(system, Supervisor.child(supervisor, 'a'), kill);
    });
    await settle(system);
    const dynamic = await request(() => DynamicSupervisor.startLink(system));
    await request(() => DynamicSupervisor.startChild(dynamic, childSpec(start, { id: 'c' })));
    expect(log).toStrictEqual(log.map(() => 'system'));
    expect(log).toHaveLength(8);
  });

  test('the listeners of an end, and the logger', async () => {
    const log: unknown[] = [];
    const logger = {
      error: () => log.push(['error', here()]),
      warn: () => log.push(['warn', here()]),
    };
    const own = storage.run('system', () =>
      createSystem({ logger, highWaterMark: 1, slowCallback: Infinity }),
    );
    const pid = spawn<string>(own, async (self) => {
      self.signal.addEventListener('abort', () => log.push(['abort', here()]));
      await self.receive(() => false);
    });
    await settle(own);
    request(() => send(pid, 'one too many'));
    request(() => {
      exit(own, pid, kill);
    });
    spawn(own, () => {
      throw new Error('boom');
    });
    await settle(own);
    await own.stop();
    expect(log).toStrictEqual([
      ['warn', 'system'],
      ['abort', 'system'],
      ['error', 'system'],
    ]);
  });

  test('two systems, each in its own', async () => {
    const log: string[] = [];
    const other = storage.run('other system', createTestSystem);
    const [one, two] = await Promise.all([
      GenServer.start(system, logging(log), undefined),
      GenServer.start(other, logging(log), undefined),
    ]);
    log.length = 0;
    request(() => {
      GenServer.cast(two, 'add', 1);
      GenServer.cast(one, 'add', 1);
    });
    await settle(system);
    await settle(other);
    expect(log.toSorted()).toStrictEqual(['cast in other system', 'cast in system']);
  });

  test('without a context none, though the senders have one', async () => {
    const log: string[] = [];
    const plain = createTestSystem();
    const server = await request(() => GenServer.start(plain, logging(log), undefined));
    await request(() => GenServer.call(server, 'get'));
    await settle(plain);
    expect(log).toStrictEqual([
      'init in undefined',
      'call in undefined',
      'call after await in undefined',
      'continue in undefined',
    ]);
  });
});

describe('a caller keeps its own context', () => {
  test('after a call, a start, a stop and a timeout', async () => {
    const log: unknown[] = [];
    const behaviour = logging([]);
    await request(async () => {
      const server = await GenServer.start(system, behaviour, undefined);
      log.push(here());
      await GenServer.call(server, 'get');
      log.push(here());
      await GenServer.stop(server);
      log.push(here());
      await GenServer.call(server, 'get').catch(() => log.push(here()));
      await settle(system);
    });
    expect(log).toStrictEqual(['request 1', 'request 1', 'request 1', 'request 1']);
  });

  test('of two that wait at the same time, each', async () => {
    const server = await GenServer.start(system, logging([]), undefined);
    const own = [1, 2, 3].map(() =>
      request(async () => {
        const before = here();
        await GenServer.call(server, 'get');
        return here() === before;
      }),
    );
    expect(await Promise.all(own)).toStrictEqual([true, true, true]);
  });

  test('that a callback enters, for its own code alone', async () => {
    const log: unknown[] = [];
    const entering = GenServer.define({
      init: () => ok(0),
      handleCast: {
        enter: async (_, state) => {
          await storage.run('inner', async () => {
            await undefined;
            log.push(here());
          });
          log.push(here());
          return noreply(state);
        },
      },
    });
    const server = await GenServer.start(system, entering, undefined);
    request(() => {
      GenServer.cast(server, 'enter');
      GenServer.cast(server, 'enter');
    });
    await settle(system);
    expect(log).toStrictEqual(['inner', 'system', 'inner', 'system']);
  });
});
