import {
  cpSync,
  globSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type * as Actor from '@reprise/actor';
import * as A from '@reprise/actor';
import type * as Testing from '@reprise/actor/testing';
import { advance, createTestSystem, settle } from '@reprise/actor/testing';
import type * as XState from '@reprise/actor/xstate';
import { getSnapshot } from '@reprise/actor/xstate';
import { createMachine } from 'xstate';

const sources = fileURLToPath(new URL('../src', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'copies-'));

/** Another copy of the package, as a package manager may install it; `change` edits its version. */
function copy(name: string, change: (versions: string) => string = (same) => same): string {
  const to = join(folder, name);
  cpSync(sources, to, { recursive: true });
  const versions = join(to, 'version.ts');
  writeFileSync(versions, change(readFileSync(versions, 'utf8')));
  return to;
}

async function load<Module>(path: string): Promise<Module> {
  return (await import(pathToFileURL(path).href)) as Module;
}

let B: typeof Actor;

beforeAll(async () => {
  symlinkSync(
    fileURLToPath(new URL('../node_modules', import.meta.url)),
    join(folder, 'node_modules'),
    'junction',
  );
  B = await load(join(copy('b'), 'index.ts'));
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

const counter = A.GenServer.define({
  init: (count: number) => A.ok(count),
  handleCall: {
    get: (_, count) => A.reply(count, count),
    byOther: (_, count) => B.reply(count + 1, count + 1),
    never: (_, count) => A.noreply(count),
  },
  handleCast: { add: (by: number, count) => A.noreply(count + by) },
});

type Counter = A.GenServer.ServerOf<typeof counter>;

describe('two copies of the package in one program', () => {
  it('are two', () => {
    expect(B.spawn).not.toBe(A.spawn);
    expect(B.ExitError).not.toBe(A.ExitError);
  });

  it('send, call, cast and ask for state across copies', async () => {
    const system = createTestSystem();
    const got: unknown[] = [];
    const pid = B.spawn<string>(system, async (self) => void got.push(await self.receive()));
    const server = await A.GenServer.start(system, counter, 1);
    B.GenServer.cast(server, 'add', 2);
    expect(B.send(pid, 'hello')).toBe(true);
    expect(await B.GenServer.call(server, 'get')).toBe(3);
    expect(await B.GenServer.call(server, 'byOther')).toBe(4);
    expect(await B.sys.getState(server)).toBe(4);
    const request = B.GenServer.sendRequest(server, 'get');
    expect(await A.GenServer.receiveResponse(request)).toEqual({ type: 'reply', value: 4 });
    expect(got).toEqual(['hello']);
    expect([A.isPid(pid), B.isPid(server), B.isPid({ id: 1 })]).toEqual([true, true, false]);
    expect(system.reports).toEqual([]);
    await system.stop();
  });

  it('a from of one copy is answered by another', async () => {
    const system = createTestSystem();
    let from: A.GenServer.From<string> | undefined;
    const door = A.GenServer.define({
      init: () => A.ok(0),
      handleCall: {
        knock: (_, state, caller: A.GenServer.From<string>) => {
          from = caller;
          return A.noreply(state);
        },
      },
    });
    const server = await A.GenServer.start(system, door, undefined);
    const answer = B.GenServer.call(server, 'knock');
    await settle(system);
    B.GenServer.reply(from as A.GenServer.From<string>, 'come in');
    expect(await answer).toBe('come in');
    await system.stop();
  });

  it('links, monitors and exit signals cross copies, and so do errors', async () => {
    const system = createTestSystem();
    const downs: unknown[] = [];
    const idle: A.Pid = A.spawn(system, (self) => self.receive());
    B.spawn<Actor.DownMessage>(system, async (self) => {
      B.monitor(self, idle);
      downs.push((await self.receive()).reason.type);
    });
    const linked = B.spawn(system, (self) => {
      A.link(self, idle);
      return self.receive();
    });
    await settle(system);
    expect(A.processInfo(idle)?.links).toEqual([linked]);
    B.exit(system, idle, B.shutdown);
    await settle(system);
    expect(downs).toEqual(['shutdown']);
    expect([A.isAlive(linked), B.isAlive(idle)]).toEqual([false, false]);
    const failed: unknown = await B.GenServer.call(idle as Counter, 'get').catch((e: unknown) => e);
    expect(failed instanceof A.ExitError && failed.reason).toEqual(A.noproc);
    expect(failed instanceof B.ExitError).toBe(true);
    expect(failed instanceof A.TimeoutError).toBe(false);
    await system.stop();
  });

  it('labels, metadata, levels and undelivered messages cross copies', async () => {
    const system = createTestSystem();
    const dead = B.undelivered(system, { keep: true });
    const pid = A.spawn<string>(system, (self) => {
      B.setLabel(self, ['room', 7]);
      B.setProcessMetadata(self, { request: 1 });
      A.updateProcessMetadata(self, { user: 2 });
      throw new Error('boom');
    });
    A.send(pid, 'hello');
    const quiet = A.spawn(system, (self) => {
      B.putProcessLevel(self, 'none');
      expect(A.getProcessLevel(self)).toBe('none');
      throw new Error('bang');
    });
    await settle(system);
    expect(system.reports).toMatchObject([
      { details: { label: ['room', 7], metadata: { request: 1, user: 2 } } },
    ]);
    expect([dead.count, dead.last[0]?.message]).toEqual([1, 'hello']);
    expect(A.isAlive(quiet)).toBe(false);
    await system.stop();
  });

  it('an idle timeout is no undelivered message, of whichever copy the server is', async () => {
    const system = createTestSystem();
    const dead = A.undelivered(system, { keep: true });
    for (const { exit, GenServer, kill, ok, sys } of [A, B]) {
      const idler = GenServer.define({ init: () => ok(0, { timeout: 10 }) });
      const server = await GenServer.start(system, idler, undefined);
      await sys.suspend(server);
      await advance(system, 10);
      expect(A.processInfo(server)?.messageQueueLen).toBe(1);
      exit(system, server, kill);
    }
    expect([dead.count, dead.last]).toEqual([0, []]);
    await system.stop();
  });

  it('aliases and priority messages cross copies, and so does initAck', async () => {
    const system = createTestSystem();
    const got: string[] = [];
    const aliases: A.AliasRef<string>[] = [];
    const pid = await A.procLib.start<string>(system, async (self) => {
      aliases.push(B.alias(self, { priority: true }), A.alias(self, { priority: true }));
      B.procLib.initAck(self);
      await self.receive((text) => text === 'go');
      while (self.messageQueueLen > 0) {
        got.push(await self.receive());
      }
    });
    A.send(pid, 'a');
    B.send(pid, 'b');
    for (const [index, ref] of aliases.entries()) {
      A.send(ref, `by A to ${index}`, { priority: true });
      B.send(ref, `by B to ${index}`, { priority: true });
    }
    A.send(pid, 'go');
    await settle(system);
    expect(got).toEqual(['by A to 0', 'by B to 0', 'by A to 1', 'by B to 1', 'a', 'b']);
    await system.stop();
  });

  it('an error of another copy is no instance of a subclass of a user', () => {
    class OwnError extends A.ExitError {}
    expect(new B.ExitError(B.noproc) instanceof OwnError).toBe(false);
    expect(new OwnError(A.noproc) instanceof B.ExitError).toBe(true);
  });

  it('the reason of a thrown exit is kept, whichever copy threw it', async () => {
    const system = createTestSystem();
    const reasons: string[] = [];
    for (const [spawner, thrower] of [
      [A, B],
      [B, A],
    ] as const) {
      const pid = spawner.spawn(system, (self) => thrower.exit(self, thrower.shutdown));
      A.monitor(system, pid);
      await settle(system);
      const failed: unknown = await A.GenServer.start(
        system,
        { init: () => thrower.exit(system, thrower.noproc) },
        undefined,
      ).catch((error: unknown) => error);
      reasons.push(failed instanceof A.ExitError ? failed.reason.type : String(failed));
    }
    expect(reasons).toEqual(['noproc', 'noproc']);
    expect(system.reports).toEqual([]);
    await system.stop();
  });

  it('an alias of one copy is an address for another', async () => {
    const system = createTestSystem();
    const got: unknown[] = [];
    const pid = A.spawn(system, (self) => self.receive());
    A.spawn<string>(system, async (self) => {
      const ref = A.monitor<string>(self, pid, { alias: 'explicitUnalias' });
      B.send(ref, 'by alias');
      got.push(await self.receive(), B.unalias(self, ref), B.demonitor(self, ref, { info: true }));
    });
    await settle(system);
    expect(got).toEqual(['by alias', true, true]);
    await system.stop();
  });

  it('names, registries and groups are shared', async () => {
    const system = createTestSystem();
    const stock = A.name<Counter>('stock');
    const server = await B.GenServer.startLink(system, counter, 1, { name: stock });
    expect(A.whereis(system, stock)).toBe(server);
    expect(await B.GenServer.call(stock.in(system), 'get')).toBe(1);
    const rooms = await A.Registry.startLink<string, undefined, Counter>(system, {
      keys: 'unique',
    });
    const lobby = A.Registry.via(rooms, 'lobby');
    const keeper = await B.GenServer.startLink(system, counter, 2, { name: lobby });
    expect(B.Registry.lookup(rooms, 'lobby')).toEqual([{ pid: keeper, value: undefined }]);
    expect(await B.GenServer.call(lobby, 'get')).toBe(2);
    B.Groups.join(system, A.group('all'), server);
    expect(A.Groups.members(system, 'all')).toEqual([server]);
    await system.stop();
  });

  it('a supervisor of one copy restarts the servers of another', async () => {
    const system = createTestSystem();
    const app = await A.Supervisor.startLink(system, {
      strategy: 'oneForOne',
      children: [B.Agent.childSpec(() => 7, { id: 'agent' })],
    });
    const first = B.Supervisor.child(app, 'agent');
    A.exit(system, first, A.kill);
    await settle(system);
    const second = A.Supervisor.child(app, 'agent');
    expect(second).not.toBe(first);
    expect(await A.Agent.get(second, (n) => n)).toBe(7);
    expect(B.Supervisor.tree(app).children.map(({ id }) => id)).toEqual(['agent']);
    const more = await B.Supervisor.startChild(
      app,
      A.Agent.childSpec(() => 8, { id: 'more' }),
    );
    expect(more && (await B.Agent.get(more, (n) => n))).toBe(8);
    const failed: unknown = await A.Supervisor.startLink(system, {
      strategy: 'oneForOne',
      children: [A.childSpec(() => Promise.reject(new B.ExitError(B.noproc)), { id: 'x' })],
    }).catch((error: unknown) => error);
    expect(String(failed)).toContain('└── x: no such process');
    await system.stop();
  });

  it('a supervisor of one copy repeats no report of another, and tells why one gave up', async () => {
    const reports: (readonly string[])[] = [];
    for (const { Supervisor } of [A, B]) {
      const system = createTestSystem();
      A.trapExit(system, true);
      const options = { strategy: 'oneForOne', maxRestarts: 0 } as const;
      const children = [B.Agent.childSpec(() => 0, { id: 'agent' })];
      const inner = Supervisor.childSpec({ ...options, id: 'inner', children });
      const outer = await A.Supervisor.startLink(system, { ...options, children: [inner] });
      A.Agent.cast(A.Supervisor.child(A.Supervisor.child(outer, 'inner'), 'agent'), () => {
        throw new Error('boom');
      });
      await settle(system);
      reports.push(system.reports.map(({ message }) => message.replaceAll(/#Pid<\d>/g, '')));
      await system.stop();
    }
    const [ofOneCopy, ofTwo] = reports;
    expect(ofOneCopy).toEqual([
      'child "agent" () of supervisor  crashed: Error: boom',
      'supervisor  gave up: child "agent" () failed once: Error: boom',
      'supervisor  gave up: child "inner" () failed once: supervisor  gave up: child "agent" () failed once: Error: boom',
    ]);
    expect(ofTwo).toEqual(ofOneCopy);
  });

  it('a partition supervisor routes for another copy', async () => {
    const system = createTestSystem();
    const parts = await A.PartitionSupervisor.startLink(system, {
      child: B.childSpec((parent, number: number) => B.Agent.startLink(parent, () => number), {
        id: 'part',
      }),
      partitions: 2,
    });
    expect(B.PartitionSupervisor.partitions(parts)).toBe(2);
    expect(await A.Agent.get(B.PartitionSupervisor.route(parts, 1), (number) => number)).toBe(1);
    await system.stop();
  });

  it('the tools of sys see the same trace, log and statistics', async () => {
    const system = createTestSystem();
    const server = await A.GenServer.start(system, counter, 1);
    await A.sys.statistics(server, true);
    await B.sys.log(server, true);
    B.GenServer.cast(server, 'add', 1);
    expect((await B.sys.statistics(server, 'get'))?.messagesIn).toBe(1);
    expect(await A.sys.log(server, 'get')).toEqual([
      { type: 'in', message: { type: 'cast', request: 'add', payload: 1 } },
      { type: 'noreply', state: 2 },
    ]);
    await B.sys.suspend(server);
    expect(A.processInfo(server)?.status).toBe('suspended');
    await A.sys.resume(server);
    expect(await A.GenServer.call(server, 'get')).toBe(2);
    await system.stop();
  });

  it('timers and tasks of one copy are handled by another', async () => {
    const system = createTestSystem();
    const pid = A.spawn<string>(system, (self) => self.receive().then(() => undefined));
    const timer = A.sendAfter(pid, 'late', 1000);
    expect(B.readTimer(timer)).toBe(1000);
    expect(B.cancelTimer(timer)).toBe(1000);
    const task = A.Task.async(system, () => 42);
    expect(await B.Task.await(system, task)).toBe(42);
    await system.stop();
  });

  it('a full mailbox fails the call of another copy', async () => {
    const system = createTestSystem();
    const server = await A.GenServer.start(system, counter, 1, {
      mailbox: { capacity: 1, overflow: 'dropNewest' },
    });
    await A.sys.suspend(server);
    B.GenServer.cast(server, 'add', 1);
    const failed: unknown = await B.GenServer.call(server, 'get').catch((error: unknown) => error);
    expect(failed instanceof A.ExitError && failed.reason.type).toBe('mailboxOverflow');
    expect(B.processInfo(server)?.mailbox?.dropped).toBe(1);
    await system.stop();
  });

  it('probes and the clock of one copy serve another', async () => {
    const { advance, createProbe } = await load<typeof Testing>(join(folder, 'b/testing.ts'));
    const system = createTestSystem();
    const probe = createProbe(system);
    const ref = A.monitor(
      probe.self,
      A.spawn(system, () => {}),
    );
    await probe.expectDown(ref);
    A.sendAfter(probe.pid, 'later', 10);
    await advance(system, 10);
    expect(await probe.expectMessage('later')).toBe('later');
    await system.stop();
  });

  it('an actor of xstate in one copy is read by another', async () => {
    const { fromLogic } = await load<typeof XState>(join(folder, 'b/xstate.ts'));
    const system = createTestSystem();
    const light = createMachine({
      initial: 'red',
      states: { red: { on: { go: 'green' } }, green: {} },
    });
    const { start } = fromLogic(light, { id: 'light' });
    const pid = (await start(system)) as XState.LogicPid<typeof light>;
    expect(getSnapshot(pid).value).toBe('red');
    await system.stop();
    expect(getSnapshot(pid).value).toBe('red');
  });
});

describe('the sources', () => {
  const files = globSync('**/*.ts', { cwd: sources }).map((file) => ({
    file,
    code: readFileSync(join(sources, file), 'utf8').replaceAll(/\/\*\*.*?\*\/|\/\/[^\n]*/gs, ''),
  }));

  it('use the private fields of no object but `this`, unless it is known to be of this copy', () => {
    const uses = files.flatMap(({ file, code }) =>
      Array.from(code.matchAll(/(?<!\bthis)\??\.#\w+/g), ([use]) => `${file} ${use}`),
    );
    // After `#cell in value`, `#owned in task`: other copies are asked by a symbol.
    expect(uses.toSorted()).toEqual(['process/cell.ts .#cell', 'task/owned-task.ts .#owned']);
  });

  it('ask `isA` of a class that has a brand, and not `instanceof`', () => {
    const branded = files.flatMap(({ code }) =>
      Array.from(code.matchAll(/class (\w+)[^{]*\{\s*static \{\s*setBrand/g), ([, name]) => name),
    );
    expect(branded.length).toBeGreaterThan(20);
    const asks = new RegExp(`instanceof (${branded.join('|')})\\b`, 'g');
    const uses = files.flatMap(({ file, code }) =>
      Array.from(code.matchAll(asks), ([, name]) => `${file} ${name}`),
    );
    // `ExitError` and `TimeoutError` answer for all copies. The others are hot paths, which ask for
    // their own copy first.
    const own = uses.filter((use) => !/ (Exit|Timeout)Error$/.test(use));
    expect(own.toSorted()).toEqual([
      'process/cell.ts Cell',
      'server/server-process.ts CallMessage',
      'server/server-process.ts CastMessage',
      'server/server-process.ts SystemRequest',
    ]);
  });
});

describe('the version in the source', () => {
  it('is that of the package', async () => {
    const { version } = await load<{ readonly version: string }>(join(sources, 'version.ts'));
    const manifest = readFileSync(join(sources, '../package.json'), 'utf8');
    expect(version).toBe((JSON.parse(manifest) as { readonly version: string }).version);
  });
});

describe('a copy of another protocol', () => {
  it('is named with its version where its objects are refused', async () => {
    const change = (versions: string) =>
      versions
        .replace(/protocol = \d+/, 'protocol = 99')
        .replace(/version = '.*'/, "version = '9.8.7'");
    const C = await load<typeof Actor>(join(copy('c', change), 'index.ts'));
    const system = A.createSystem();
    const refusal =
      /of @reprise\/actor 9\.8\.7, which @reprise\/actor \S+ cannot use: install one version/;
    const other = C.createSystem();
    expect(() => A.isAlive(other.pid)).toThrow(refusal);
    expect(() => A.spawn(other, () => {})).toThrow(refusal);
    expect(() => A.pidOf(C.name('x').in(other))).toThrow(refusal);
    expect(A.isPid(other.pid)).toBe(false);
    expect(new C.ExitError(C.noproc) instanceof A.ExitError).toBe(false);
    await expect(
      A.Supervisor.startLink(system, {
        strategy: 'oneForOne',
        children: [C.Agent.childSpec(() => 7, { id: 'agent' })],
      }),
    ).rejects.toThrow(/agent.*of @reprise\/actor \S+, which @reprise\/actor 9\.8\.7 cannot use/s);
    await Promise.all([system.stop(), other.stop()]);
  });
});
