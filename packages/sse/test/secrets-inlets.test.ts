import type { RequestListener } from 'node:http';

import { describe, expect, test } from '@jest/globals';
import {
  createSystem,
  formatReason,
  processInfo,
  setLabel,
  setProcessMetadata,
  Supervisor,
  sys,
  type System,
} from '@reprise/actor';
import { settle } from '@reprise/actor/testing';

import { guarded } from '../src/fetch.ts';
import { SseClient } from '../src/index.ts';
import { type Listened, listenTo } from './support/listened.ts';
import { initialized, notification } from './support/mcp-servers.ts';
import { mark, Outlets, withDiagnostics } from './support/outlets.ts';
import { serve } from './support/servers.ts';
import { openStage } from './support/stage.ts';

const stream = { 'content-type': 'text/event-stream' };

/** A system whose reports are printed. */
function systemTo({ add }: Outlets): System {
  const log = (details: object, message: string): void => {
    add('reports', details, message);
  };
  return createSystem({ logger: { error: log, warn: log }, slowCallback: Infinity });
}

/** A secret in each of the forms by which one is known. */
const secretText = `https://joe:${mark}@host/?token=${mark}&a=1 Bearer ${mark}-bearer`;

describe('no secret is in anything that leaves the program', () => {
  test('of a position, an id or the cursor that holds them', async () => {
    await using server = await serve((_, response) => {
      const data = JSON.stringify({ next: secretText });
      response.writeHead(200, stream).end(`id: ${secretText}\ndata: ${data}\n\ndata: last\n\n`);
    });
    const outlets = new Outlets();
    const system = systemTo(outlets);
    await withDiagnostics(outlets, async () => {
      const supervisor = await Supervisor.startLink(system, {
        strategy: 'oneForOne',
        maxRestarts: 0,
        children: [
          SseClient.resilient({
            id: 'pages',
            url: server.url,
            cursor: new Map<string, string>(),
            cursorOf: ({ data }) => (data === 'last' ? undefined : JSON.parse(data).next),
            handle: async ({ data }, { self }) => {
              if (data === 'last') {
                outlets.add('processInfo', processInfo(self.pid));
                throw new Error(`the page after ${secretText} is gone`);
              }
            },
          }),
        ],
      });
      outlets.add('tree', Supervisor.tree(supervisor));
      const reason = await system.whenExited;
      outlets.add('reason', formatReason(reason));
    });
    expect(outlets.leaks(['diagnostics'])).toEqual([]);
    expect(outlets.texts.get('reports')?.join()).toContain('sentCursor');
  });

  test('of a session of MCP', async () => {
    await using stage = await openStage();
    const outlets = new Outlets();
    const { add } = outlets;
    await withDiagnostics(outlets, async () => {
      await using heard: Listened = await listenTo(stage.system, {
        url: stage.url,
        headers: { authorization: `Bearer ${mark}` },
        protocolVersion: '2025-11-25',
        onStatus: (change, { self }) => {
          add('onStatus', change);
          add('status', SseClient.status(self.pid));
        },
        handle: () => {
          throw new Error('mine');
        },
      });
      initialized(await stage.next(), `${mark}-session`);
      (await stage.next()).refuse(202);
      const exchange = await stage.next();
      exchange.stream();
      await settle(stage.system);
      add('getStatus', await sys.getStatus(heard.pid));
      add('getState', await sys.getState(heard.pid as never));
      add('processInfo', processInfo(heard.pid));
      exchange.response.write(notification('notifications/tools/list_changed'));
      (await stage.next()).refuse(200);
      const reason = await stage.system.whenExited;
      add('reason', reason, formatReason(reason));
      add('reports', ...stage.system.reports);
    });
    expect(outlets.leaks()).toEqual([]);
    expect(outlets.texts.get('reports')?.join()).toContain('mine');
  });

  const answers: Readonly<Record<string, RequestListener>> = {
    'that is read': (_, response) => response.end('ok'),
    'that breaks off': ({ socket }) => socket.destroy(),
    'that is refused': (_, response) => {
      response.writeHead(200, { 'content-type': `text/html; token=${mark}` }).end(mark);
    },
    'with a redirect to nowhere': (_, response) => {
      response.writeHead(302, { location: `ftp://joe:${mark}@host/?token=${mark}` }).end();
    },
    'that is too large': (_, response) => response.end(mark.repeat(1000)),
  };
  test.each(Object.entries(answers))('of a request of guarded, %s', async (_name, listener) => {
    await using server = await serve(listener);
    const outlets = new Outlets();
    const { add } = outlets;
    await withDiagnostics(outlets, async () => {
      const fetch = guarded({
        maxBodySize: 1000,
        onStatus: (change) => {
          add('onStatus', change);
        },
      });
      const pending = fetch(`${server.url}?api_key=${mark}&sig=${mark}#token=${mark}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${mark}`, accept: 'application/json' },
        body: JSON.stringify({ password: mark }),
      });
      add('requests', fetch.requests, fetch);
      await pending
        .then((response) => response.text())
        .catch((error: unknown) => {
          add('error', error);
        });
    });
    expect(outlets.leaks()).toEqual([]);
    expect(outlets.texts.get('diagnostics')?.length).toBeGreaterThan(1);
  });

  test('of a label and metadata', async () => {
    await using server = await serve((_, response) => {
      response.writeHead(200, stream).end('data: 1\n\n');
    });
    const outlets = new Outlets();
    const system = systemTo(outlets);
    await withDiagnostics(outlets, async () => {
      const supervisor = await Supervisor.startLink(system, {
        strategy: 'oneForOne',
        maxRestarts: 0,
        children: [
          SseClient.resilient({
            id: 'prices',
            url: server.url,
            onStatus: ({ type }, { self }) => {
              if (type === 'connecting') {
                setLabel(self, { room: secretText, password: mark });
                setProcessMetadata(self, { headers: { 'x-own': mark }, request: secretText });
                outlets.add('processInfo', processInfo(self.pid));
              }
            },
            handle: async (_event, { self }) => {
              outlets.add('getStatus', await sys.getStatus(supervisor));
              outlets.add('info', processInfo(self.pid));
              throw new Error('mine');
            },
          }),
        ],
      });
      outlets.add('tree', Supervisor.formatTree(Supervisor.tree(supervisor)));
      outlets.add('reason', formatReason(await system.whenExited));
    });
    expect(outlets.leaks()).toEqual([]);
    expect(outlets.texts.get('reports')?.join()).toContain('metadata');
  });
});
