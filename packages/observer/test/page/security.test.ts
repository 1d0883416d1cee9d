import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  Agent,
  childSpec,
  createSystem,
  exit,
  GenServer,
  kill,
  noreply,
  ok,
  setLabel,
  spawn,
  Supervisor,
} from '@reprise/actor';
import { SseClient } from '@reprise/sse';
import type { Browser } from 'playwright-core';

import { observer, observerHandler } from '../../src/index.ts';
import { executablePath, launch, open, show, until, views } from '../support/chromium.ts';
import { observed, token } from '../support/observed.ts';
import { Origin } from '../support/origin.ts';
import { serve } from '../support/serve.ts';

const inBrowser = executablePath === undefined ? describe.skip : describe;

/** Each would be seen if it were taken for HTML, for a script or for a URL. */
const hostile = [
  '<script>globalThis.broken = 1</script>',
  '<img src=x onerror="globalThis.broken = 2">',
  '"><svg onload="globalThis.broken = 3">',
  'javascript:globalThis.broken = 4',
  'txt.\u202Eexe',
  'a\0b\u0007c',
  'lone \uD800 surrogate',
  'x'.repeat(1_000_000),
] as const;

inBrowser('the page of an observer, and strangers', () => {
  let browser: Browser;

  beforeAll(async () => {
    browser = await launch();
  });

  afterAll(async () => {
    await browser.close();
  });

  test('SEC-01 SEC-12 texts of others are shown as text: names, labels, ids, event ids, reasons, states, keys', async () => {
    const origin = await Origin.open();
    const system = createSystem({ logger: { error: () => {}, warn: () => {} } });
    const { promise: announced, resolve: announce } = Promise.withResolvers<string>();
    const holder = GenServer.define({
      init: (text: string) => ok({ [text.slice(0, 100)]: text }),
      handleCast: {
        crash: (text: string) => {
          throw new Error(text);
        },
        hold: (_: string, state) => new Promise<never>(() => state),
      },
      handleInfo: (_: unknown, state) => noreply(state),
    });
    const ids = hostile.map((text) => text.slice(0, 2000));
    const top = await Supervisor.startLink(system, {
      strategy: 'oneForOne',
      name: hostile[0],
      maxRestarts: 100,
      children: [
        ...ids.map((id) => GenServer.childSpec(holder, id, { id })),
        childSpec((parent) => Agent.startLink(parent, () => hostile[1]), { id: hostile[4] + '2' }),
        SseClient.resilient({ id: '<b>stream</b>', url: origin.url, handle: () => {} }),
        observer({ port: 0, token, announce }),
      ],
    });
    const id = hostile[0];
    await origin.stream(`id: ${id}\nevent: ${hostile[1]}\ndata: ${hostile[2]}\n\n`);
    spawn(system, async (self) => {
      setLabel(self, hostile[1]);
      await new Promise(() => {});
    });
    const url = await announced;
    for (const [at, text] of hostile.entries()) {
      const pid = Supervisor.child(top, ids[at] as never) as GenServer.ServerOf<typeof holder>;
      GenServer.cast(pid, 'crash', text);
    }
    await using opened = await open(browser, url);
    const { page, complaints, urls } = opened;
    await page.locator('.headline').waitFor();
    for (const view of [...views, `processes?selected=${hostile[0]} / ${hostile[1]}`]) {
      await show(page, view);
      await page.locator('main h1').waitFor();
      await until(page, 'globalThis.broken === undefined');
      const text = await page.evaluate<string>('document.body.innerText + document.title');
      expect(['\0', '\u0007', '\u202E'].filter((character) => text.includes(character))).toEqual(
        [],
      );
      expect(text.isWellFormed()).toBe(true);
      expect(text.length).toBeLessThan(100_000);
    }
    await show(page, 'processes');
    await page.getByText(hostile[1], { exact: true }).first().waitFor();
    expect(complaints).toEqual([]);
    const asked = urls.map((one) => new URL(one)).filter(({ protocol }) => protocol !== 'data:');
    expect(new Set(asked.map((one) => `${one.origin}/`))).toEqual(new Set([url]));
    exit(system, top as never, kill);
    await origin.close();
    await system.stop({ timeout: 500 });
  });

  test('SEC-03 a name of another site that resolves to this machine reads nothing', async () => {
    await using service = await observed();
    const rebound = service.url.replace('127.0.0.1', 'rebound.example');
    const context = await browser.newContext();
    const page = await context.newPage();
    expect((await page.goto(rebound))?.status()).toBe(421);
    const answers = await page.evaluate<readonly (readonly [number, string])[]>(
      `Promise.all(['', 'api/tree', 'api/live', 'api/overview'].map(async (path) => {
        const answer = await fetch('/' + path, { headers: { authorization: 'Bearer ${token}' } });
        return [answer.status, await answer.text()];
      }))`,
    );
    for (const [status, body] of answers) {
      expect([status, body]).toEqual([421, 'Expected the Host of this server\n']);
    }
    await context.close();
  });

  test.each(['127.0.0.1', 'attacker.example'])(
    'SEC-04 SEC-05 SEC-13 a page of %s is refused whatever it tries, and no cookie is set',
    async (host) => {
      await using service = await observed();
      const page = `<!doctype html><img src="${service.url}api/tree"><iframe src="${service.url}"></iframe>
        <form method="post" action="${service.url}api/live/1/window" target="f"><input name="a"></form><iframe name="f"></iframe>`;
      await using attacker = await serve((_, response) => {
        response.writeHead(200, { 'content-type': 'text/html' }).end(page);
      });
      const context = await browser.newContext();
      const tab = await context.newPage();
      const statuses: (readonly [string, number])[] = [];
      context.on('response', (answer) => {
        if (answer.url().startsWith(service.url)) {
          statuses.push([answer.request().method(), answer.status()]);
        }
      });
      await tab.goto(attacker.url.replace('127.0.0.1', host));
      const read = await tab.evaluate<readonly string[]>(`(async () => {
        const url = ${JSON.stringify(service.url)};
        const results = [];
        const opaque = await fetch(url + 'api/tree', { mode: 'no-cors' }).then((answer) => answer.text(), String);
        results.push(opaque);
        results.push(await fetch(url + 'api/tree').then((answer) => answer.text(), (error) => error.name));
        results.push(await new Promise((resolve) => {
          const source = new EventSource(url + 'api/live');
          source.onmessage = () => resolve('read');
          source.onerror = () => { source.close(); resolve('refused'); };
        }));
        results.push(await new Promise((resolve) => {
          const script = document.createElement('script');
          script.src = url + 'api/tree';
          script.onerror = () => resolve('refused');
          script.onload = () => resolve('run');
          document.body.append(script);
        }));
        results.push(String(document.querySelector('iframe').contentDocument));
        document.querySelector('form').submit();
        return results;
      })()`);
      expect(read.slice(1)).toEqual(['TypeError', 'refused', 'refused', 'null']);
      expect(read[0]).not.toContain('app');
      await until(tab, "document.querySelector('iframe[name=f]') !== null");
      expect(statuses.length).toBeGreaterThan(0);
      expect(new Set(statuses.map(([, status]) => status))).toEqual(new Set([403]));
      expect(await context.cookies()).toEqual([]);
      await context.close();
    },
  );

  test('SEC-08 the token is out of the address at once, kept for the tab alone, and asked for elsewhere', async () => {
    await using service = await observed();
    await using opened = await open(browser, service.url, { isNew: true });
    const { page, urls } = opened;
    const well = page.getByRole('heading', { level: 1, name: 'All is well.' });
    await well.waitFor();
    expect(urls.slice(1).filter((url) => url.includes(token))).toEqual([]);
    const places = await page.evaluate<string>(
      'JSON.stringify([location.href, document.title, document.referrer, { ...localStorage }, history.length])',
    );
    expect(places).not.toContain(token);
    await page.reload();
    await well.waitFor();
    await using other = await open(browser, service.url, { hash: '', isNew: true });
    await other.page.getByRole('heading', { name: 'Which token?' }).waitFor();
    await other.page.getByLabel('Token').fill(token);
    await other.page.getByRole('button', { name: 'Look' }).click();
    await other.page.getByRole('heading', { level: 1, name: 'All is well.' }).waitFor();
  });

  test('SEC-17 a button asks once more before it acts', async () => {
    await using service = await observed({ actions: ['stop'] });
    const spec = childSpec((parent) => Agent.startLink(parent, () => 0), { id: 'stock' });
    await Supervisor.startChild(service.top as Supervisor.Pid, spec);
    await using opened = await open(browser, service.url);
    const { page } = opened;
    await page.locator('.headline').waitFor();
    // The details of the process come late, or not at all: the tree is enough.
    await page.route('**/api/process/**', (route) => route.abort());
    await show(page, 'processes?selected=app / stock');
    await page.getByRole('button', { name: 'Stop', exact: true }).click();
    expect(service.logged).toEqual([]);
    await page.getByRole('button', { name: 'Stop it: sure?' }).click();
    await page.locator('.panel').getByText('stopped').waitFor();
    expect(service.logged).toEqual(['a person acts on a process from the page of the observer']);
  });

  test('OBS-P32 works below a path of a server of the program', async () => {
    await using service = await observed();
    const handler = observerHandler(service.system, { gate: { token }, path: '/ops/reprise' });
    const server: Server = createServer(handler).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    await using opened = await open(browser, `http://127.0.0.1:${port}/ops/reprise`);
    const { page, complaints } = opened;
    await page.getByRole('heading', { level: 1, name: 'All is well.' }).waitFor();
    expect(new URL(page.url()).pathname).toBe('/ops/reprise/');
    await show(page, 'processes');
    await page.locator('.tr', { hasText: 'observer' }).waitFor();
    expect(complaints).toEqual([]);
    server.closeAllConnections();
    server.close();
  });
});
