import { expect, jest, test } from '@jest/globals';
import {
  type ExitReason,
  type Pid,
  type System,
  monitor,
  send,
  spawn,
  Supervisor,
} from '@reprise/actor';
import { advance, createTestSystem, settle } from '@reprise/actor/testing';
import { SseClient } from '@reprise/sse';

import { openStream, startEventServer } from '../support/event-server.ts';
import { Queue } from '../support/queue.ts';
import { autoConnect, childSpec, startLink } from './auto-connect.ts';

function printedLines(): Queue<string> {
  const lines = new Queue<string>();
  jest.spyOn(console, 'log').mockImplementation((line: string) => {
    lines.push(line);
  });
  return lines;
}

/** Resolves with the reason once `pid` has ended. */
function ended(system: System, pid: Pid): Promise<ExitReason> {
  return new Promise((resolve) => {
    spawn<{ readonly reason: ExitReason }>(system, async (self) => {
      monitor(self, pid);
      resolve((await self.receive()).reason);
    });
  });
}

test('started by startLink: connects, keeps the id of each event, reconnects at once, ends normal on stop', async () => {
  await using server = await startEventServer();
  const lines = printedLines();
  const system = createTestSystem();
  const pid = await startLink(system, { url: server.url, lastEventId: '0' });

  const first = await server.next();
  expect(first.request.headers['last-event-id']).toBe('0');
  openStream(first, 'id: 1\ndata: one\n\n');
  expect(await lines.next()).toBe(
    'I just got a new event: {"type":"message","data":"one","id":"1","lastEventId":"1"}',
  );

  first.response.end();
  const second = await server.next();
  expect(second.request.headers['last-event-id']).toBe('1');

  const end = ended(system, pid);
  send(pid, 'stop');
  expect(await end).toEqual({ type: 'normal' });
  await system.stop();
});

test('an attempt that failed is repeated after 1 s', async () => {
  await using server = await startEventServer();
  const failures = new Queue<string>();
  const watched = SseClient.define({
    ...autoConnect,
    handleConnectFailure: (failure, state, self) => {
      failures.push(failure.type);
      return autoConnect.handleConnectFailure(failure, state, self);
    },
  });
  const system = createTestSystem();
  await SseClient.startLink(system, watched, { url: server.url, lastEventId: '0' });

  const first = await server.next();
  first.request.socket.destroy();
  expect(await failures.next()).toBe('network');

  let isAsked = false;
  const second = server.next().finally(() => (isAsked = true));
  await advance(system, 999);
  expect(isAsked).toBe(false);
  await advance(system, 1);
  expect((await second).request.headers['last-event-id']).toBe('0');
  await system.stop();
});

test('started by childSpec: its supervisor restarts it with its first state when it ends', async () => {
  await using server = await startEventServer();
  const lines = printedLines();
  const system = createTestSystem();
  const app = await Supervisor.startLink(system, {
    strategy: 'oneForOne',
    children: [childSpec({ url: server.url, lastEventId: '0' })],
  });
  const before = Supervisor.child(app, 'autoConnect');

  openStream(await server.next(), 'id: 7\ndata: seven\n\n');
  await lines.next();
  send(before, 'stop');

  const second = await server.next();
  expect(second.request.headers['last-event-id']).toBe('0');
  await settle(system);
  expect(Supervisor.child(app, 'autoConnect')).not.toBe(before);
  await system.stop();
});
