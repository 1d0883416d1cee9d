import { expect, test } from '@jest/globals';
import {
  createSystem,
  exit,
  GenServer,
  kill,
  killed,
  link,
  monitor,
  noreply,
  ok,
  register,
  send,
  spawn,
  Supervisor,
  trapExit,
} from '@reprise/actor';
import { brokenRules, createTestSystem, settle } from '@reprise/actor/testing';

import { cellOf } from '../../src/process/cell.ts';

const idle = GenServer.define({
  init: (_, self) => {
    trapExit(self, true);
    return ok(undefined);
  },
  handleInfo: () => noreply(undefined),
});

const childSpec = GenServer.childSpec(idle, undefined, { id: 'child' });

test('a system keeps the rules through starts, messages, crashes, kills and its stop', async () => {
  const system = createTestSystem();
  const broken = brokenRules(system);
  const app = await Supervisor.startLink(system, {
    strategy: 'oneForOne',
    children: [childSpec],
  });
  const reader = spawn<string>(system, async (self) => {
    await self.receive((text) => text === 'wanted');
  });
  register(system, 'reader', reader);
  send(reader, 'left in the mailbox');
  await settle(system);
  expect(broken()).toEqual([]);
  const child = Supervisor.child(app, 'child');
  spawn(system, (self) => {
    monitor(self, child);
    link(self, reader);
    return self.receive();
  });
  exit(system, child, kill);
  await settle(system);
  expect(broken()).toEqual([]);
  exit(system, reader, kill);
  exit(system, app, kill);
  await settle(system);
  expect(broken()).toEqual([]);
  await system.stop();
  expect(broken()).toEqual([]);
});

test('a name of a process that has ended is found', async () => {
  const system = createTestSystem();
  const broken = brokenRules(system);
  const pid = spawn(system, (self) => self.receive());
  register(system, 'reader', pid);
  expect(broken()).toEqual([]);
  const cell = cellOf(pid);
  exit(system, pid, kill);
  cell.runtime.names.set('reader', cell);
  expect(broken()).toEqual(['the name reader belongs to reader, which has ended: killed']);
  await system.stop();
});

test('a server with messages and without a turn is found', async () => {
  const system = createTestSystem();
  const pid = await GenServer.start(system, idle, undefined);
  await settle(system);
  cellOf(pid).mailbox.push('forgotten');
  expect(brokenRules(system)()).toEqual(['#Pid<2> has 1 messages, and no turn']);
  await system.stop();
});

test('a link and a monitor that only one side has are found', async () => {
  const system = createTestSystem();
  const [one, other] = [0, 1].map(() => spawn(system, (self) => self.receive()));
  cellOf(one as never).addLink(cellOf(other as never));
  const broken = brokenRules(system);
  expect(broken()).toEqual(['#Pid<2> is linked to #Pid<3>, which does not know']);
  await system.stop();
});

test('a process that waits for one that has ended is found', async () => {
  const system = createTestSystem();
  const one = spawn(system, (self) => self.receive());
  const other = spawn(system, (self) => self.receive());
  const target = cellOf(other);
  cellOf(one).addWait({ target });
  const broken = brokenRules(system);
  expect(broken()).toEqual([]);
  exit(system, other, kill);
  expect(broken()).toEqual(['#Pid<2> waits for #Pid<3>, which has ended: killed']);
  await system.stop();
});

test('a child that outlives its supervisor is found', async () => {
  const system = createTestSystem();
  const broken = brokenRules(system);
  const app = await Supervisor.startLink(system, { strategy: 'oneForOne', children: [childSpec] });
  const child = Supervisor.child(app, 'child');
  expect(broken()).toEqual([]);
  const deaf = { receiveExit: () => undefined, end: () => undefined };
  Object.assign(cellOf(child), deaf);
  exit(system, app, kill);
  await settle(system);
  expect(broken()).toEqual([
    expect.stringMatching(/^#Pid<3> runs on, a child of #Pid<2>, which has/),
  ]);
  for (const name of Object.keys(deaf)) {
    Reflect.deleteProperty(cellOf(child), name);
  }
  cellOf(child).end(killed);
  expect(broken()).toEqual([]);
  await system.stop();
});

test('anything but a system is refused', () => {
  expect(() => brokenRules(createSystem().clock as never)).toThrow(TypeError);
});
