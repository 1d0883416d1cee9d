/**
 * Programs for the tests of `Application.run`; the first argument chooses one. They print their
 * events to stdout, one line each.
 */
import {
  Application,
  type ChildOptions,
  type ChildSpec,
  crash,
  exit,
  type ExitError,
  GenServer,
  kill,
  type Logger,
  normal,
  ok,
  type Pid,
  stop,
  Supervisor,
  trapExit,
  noreply,
} from '@reprise/actor';

const say = (...words: readonly unknown[]): void => {
  console.log(words.join(' '));
};

interface Job {
  readonly id: string;
  /** A promise that its end waits for. Default: none. */
  readonly hangs?: boolean;
  readonly fails?: boolean;
  readonly starts?: Promise<void>;
}

const worker = GenServer.define({
  init: async (job: Job, self) => {
    trapExit(self, true);
    say('starting', job.id);
    await job.starts;
    if (job.fails === true) {
      return stop(crash(new Error(`no ${job.id}`)));
    }
    say('started', job.id);
    return ok(job);
  },
  handleCast: {
    crash: (message: string, _job) => {
      throw new Error(message);
    },
    done: (_, job) => stop(normal, job),
  },
  handleInfo: (_: unknown, job) => noreply(job),
  terminate: async (reason, job) => {
    say('terminating', job.id, reason.type);
    if (job.hangs === true) {
      await new Promise(() => {});
    }
  },
});

type Worker = GenServer.ServerOf<typeof worker>;

const child = (job: Job, options: Partial<ChildOptions> = {}): ChildSpec<string, Worker> =>
  GenServer.childSpec(worker, job, { ...options, id: job.id });

const tree = (...children: readonly ChildSpec[]): Supervisor.Options => ({
  strategy: 'oneForOne',
  children,
});

const logger: Logger = {
  error: (_details, message) => {
    console.error(message);
  },
  warn: (_details, message) => {
    console.error(message);
  },
};

/** Runs the tree, and prints its state at each step. */
function run(
  tree: Application.ServiceTree,
  options: Application.RunOptions = {},
): Application.Service {
  const service = Application.run(tree, { logger, ...options });
  say(service.health().state);
  process.on('exit', () => {
    say(service.health().state);
  });
  void service.whenReady.then(
    () => {
      say(service.health().state);
    },
    (error: ExitError) => {
      say('not ready:', error.message);
    },
  );
  return service;
}

const workerOf = (top: Pid, id: string): Worker =>
  Supervisor.child(top as Supervisor.Pid, id) as Worker;

const app = (
  name: string,
  children: readonly ChildSpec[],
  applications: readonly Application.Application[] = [],
): Application.Application =>
  Application.define({
    name,
    applications,
    start: (self) => Supervisor.startLink(self, { ...tree(...children), maxRestarts: 0 }),
    prepStop: () => {
      say('prepStop', name);
    },
    stop: () => {
      say('stop', name);
    },
  });

const programs: Readonly<Record<string, () => unknown>> = {
  idle: async () => {
    const service = run(tree(child({ id: 'a' }), child({ id: 'b' })));
    await service.whenReady;
    // Called only if something else than this timer keeps the program alive.
    setTimeout(() => {
      say('alive');
    }, 50).unref();
  },
  hanging: () => run(tree(child({ id: 'a' }), child({ id: 'b', hangs: true }))),
  deadline: async () => {
    const hanging = child({ id: 'b', hangs: true }, { shutdown: Infinity });
    run(tree(child({ id: 'a' }), hanging), { deadline: 50 });
  },
  uncaught: async () => {
    await run(tree(child({ id: 'a' }), child({ id: 'b' }))).whenReady;
    setTimeout(() => {
      throw new Error('not caught');
    });
  },
  unhandled: async () => {
    await run(tree(child({ id: 'a' }), child({ id: 'b' }))).whenReady;
    void Promise.reject(new Error('not handled'));
  },
  gaveUp: async () => {
    const top = await run({ ...tree(child({ id: 'a' }), child({ id: 'b' })), maxRestarts: 0 })
      .whenReady;
    process.exitCode = 0;
    GenServer.cast(workerOf(top, 'a'), 'crash', 'broken');
  },
  autoShutdown: async () => {
    const job = child({ id: 'b' }, { restart: 'transient', significant: true });
    const top = await run({ ...tree(child({ id: 'a' }), job), autoShutdown: 'anySignificant' })
      .whenReady;
    GenServer.cast(workerOf(top, 'b'), 'done');
  },
  stopped: async () => {
    await Supervisor.stop((await run(tree(child({ id: 'a' }))).whenReady) as never);
  },
  killed: async () => {
    const service = run(tree(child({ id: 'a' })));
    exit(service.system, await service.whenReady, kill);
  },
  late: () => {
    run(tree(child({ id: 'a' })));
    process.on('SIGTERM', () => {
      throw new Error('thrown while it stops');
    });
  },
  asked: async () => {
    const service = run(tree(child({ id: 'a' })));
    process.on('beforeExit', () => {
      say('nothing left to do');
    });
    await service.whenReady;
    service.stop();
    say(service.health().state);
    service.stop();
  },
  startFails: () => {
    const children = [child({ id: 'b' }), child({ id: 'c', fails: true })];
    const inner = Supervisor.childSpec({ id: 'web', ...tree(...children) });
    run(tree(child({ id: 'a' }), inner));
  },
  slowStart: () => {
    const starts = new Promise<void>((resolve) => {
      process.on('SIGTERM', () => {
        setTimeout(resolve, 20);
      });
    });
    run(tree(child({ id: 'a' }), child({ id: 'b', starts })));
  },
  endlessStart: () => {
    run(tree(child({ id: 'a' }), child({ id: 'b', starts: new Promise(() => {}) })), {
      deadline: 50,
    });
  },
  status: async () => {
    const exitStatus: Application.ExitStatus = (reason, status) => {
      say('status', status, reason.type);
      return 3;
    };
    const service = run({ ...tree(child({ id: 'a' })), maxRestarts: 0 }, { exitStatus });
    GenServer.cast(workerOf(await service.whenReady, 'a'), 'crash', 'broken');
  },
  causeStatus: async () => {
    const exitStatus: Application.ExitStatus = (reason, status, cause) => {
      const text = cause.type === 'crash' ? (cause.error as Error).message : '';
      say('status', status, reason.type, cause.type, text);
      return 8;
    };
    const options = { ...tree(child({ id: 'a' })), maxRestarts: 0 };
    const below = Supervisor.childSpec({ ...options, id: 'below' });
    const service = run({ ...tree(below), maxRestarts: 0 }, { exitStatus });
    const top = (await service.whenReady) as Supervisor.Pid;
    GenServer.cast(workerOf(Supervisor.child(top, 'below'), 'a'), 'crash', 'broken');
  },
  startStatus: () => {
    const exitStatus: Application.ExitStatus = ({ type }, status) => {
      say('status', status, type);
      return type === 'shutdown' ? 4 : 5;
    };
    run(tree(child({ id: 'a', fails: true })), { exitStatus });
  },
  uncaughtStatus: async () => {
    const exitStatus: Application.ExitStatus = (reason) =>
      reason.type === 'crash' && (reason.error as Error).message === 'not caught' ? 6 : 7;
    await run(tree(child({ id: 'a' })), { exitStatus }).whenReady;
    setTimeout(() => {
      throw new Error('not caught');
    });
  },
  statusThrows: async () => {
    const exitStatus = (): never => {
      throw new Error('no status');
    };
    const service = run(tree(child({ id: 'a' })), { exitStatus });
    await service.whenReady;
    service.stop();
  },
  statusIsNoNumber: async () => {
    const service = run(tree(child({ id: 'a' })), { exitStatus: () => 0.5 });
    await service.whenReady;
    service.stop();
  },
  leaking: () => {
    run(tree(child({ id: 'a' })));
    setInterval(() => {}, 1000);
    process.on('beforeExit', () => {
      say('nothing left to do');
    });
  },
  exits: async () => {
    await run(tree(child({ id: 'a' }))).whenReady;
    process.exit();
  },
  exitsWell: async () => {
    await run(tree(child({ id: 'a' }))).whenReady;
    process.exit(0);
  },
  exitsBadly: async () => {
    await run(tree(child({ id: 'a' }))).whenReady;
    process.exit(7);
  },
  lone: async () => {
    const service = run(child({ id: 'a' }));
    say(service.health().tree);
    GenServer.cast((await service.whenReady) as Worker, 'crash', 'broken');
  },
  byFunction: () => run(() => tree(child({ id: 'a' }))),
  linked: async () => {
    // A server outside of the tree, started in the system of the service.
    const service = run(tree(child({ id: 'a' })));
    await service.whenReady;
    const other = (await GenServer.startLink(service.system, worker, { id: 'z' })) as Worker;
    GenServer.cast(other, 'crash', 'broken');
  },
  applications: () => {
    const store = app('store', [child({ id: 'a' })]);
    run(app('shop', [child({ id: 'b' })], [store]));
  },
  needed: async () => {
    let crashIt = (): void => {};
    const store = Application.define({
      name: 'store',
      start: async (self) => {
        const top = await Supervisor.startLink(self, {
          ...tree(child({ id: 'a' })),
          maxRestarts: 0,
        });
        crashIt = () => {
          GenServer.cast(Supervisor.child(top, 'a') as Worker, 'crash', 'broken');
        };
        return top;
      },
    });
    await run(app('shop', [child({ id: 'b' })], [store])).whenReady;
    crashIt();
  },
  unread: async () => {
    const service = Application.run(tree(child({ id: 'a' })));
    await service.whenReady;
    for (let left = 20; left > 0; left -= 1) {
      // Later than the error of the write, which is told in a turn of its own.
      await new Promise((resolve) => setTimeout(resolve, 1));
      service.system.logger.error({}, 'nobody reads this');
    }
    say(service.health().state);
    service.stop();
  },
  noProcess: () => {
    try {
      Reflect.set(globalThis.process, 'exit', undefined);
      Application.run(tree());
    } catch (error) {
      say(error);
    }
  },
};

await programs[process.argv[2] ?? '']?.();
