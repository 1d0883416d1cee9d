// Rows of the catalogue about connections that are let go or lost.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Supervisor } from '@reprise/actor';
import { settle } from '@reprise/actor/testing';
import { SseClient } from '@reprise/sse';
import type { Browser, Locator, Page, Request } from 'playwright-core';

import { observerHandler } from '../../src/index.ts';
import { ask } from '../support/asking.ts';
import { executablePath, launch, nextChange, open, show, until } from '../support/chromium.ts';
import { token } from '../support/observed.ts';
import { openProgram } from '../support/opened-program.ts';
import { type Program, startProgram } from '../support/program.ts';
import { laneOf, rowOf, well } from '../support/queries.ts';
import { serve } from '../support/serve.ts';
import { openStream } from '../support/stream-reader.ts';

const inBrowser = executablePath === undefined ? describe.skip : describe;

/** A program of test/programs, and the URL that it prints. */
async function run(name: string, ...args: readonly string[]) {
  const path = join(import.meta.dirname, '../programs', name);
  const child: ChildProcess = spawn(
    process.execPath,
    ['--conditions=@reprise/source', path, ...args],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const [line] = (await once(child.stdout ?? child, 'data')) as [Buffer];
  const end = async (): Promise<void> => {
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  };
  return { child, url: String(line).trim(), end, [Symbol.asyncDispose]: end };
}

/** A proxy of bytes that can be cut, and what has come from the server over each connection. */
async function cuttable() {
  const sockets = new Set<Socket>();
  const answers: string[] = [];
  let isCut = false;
  let target = '';
  const proxy = createServer((client) => {
    if (isCut) {
      client.destroy();
      return;
    }
    const server = connect(Number(new URL(target).port), '127.0.0.1');
    const place = answers.push('') - 1;
    server.setEncoding('utf8').on('data', (text: string) => {
      answers[place] += text;
      client.write(text);
    });
    client.pipe(server);
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      sockets.add(one);
      one.on('error', () => undefined).on('close', () => other.destroy());
    }
  }).listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const { port } = proxy.address() as AddressInfo;
  const end = (): void => {
    isCut = true;
    sockets.forEach((socket) => socket.destroy());
  };
  return {
    url: `http://127.0.0.1:${port}/`,
    answers,
    serve: (url: string) => {
      target = url;
    },
    cut: end,
    mend: () => {
      isCut = false;
    },
    [Symbol.dispose]: () => {
      end();
      proxy.close();
    },
  };
}

/** As a browser does with a tab that is not in front: a headless one shows all its pages. */
async function setHidden(page: Page, isHidden: boolean): Promise<void> {
  await page.evaluate(`(() => {
    Object.defineProperty(document, 'hidden', { configurable: true, get: () => ${isHidden} });
    document.dispatchEvent(new Event('visibilitychange'));
  })()`);
}

/**
 * 24 s pass for a program and its pages, which hear of each look: a page that hears nothing for 8 s
 * takes its connection for lost.
 */
async function pass24Seconds(program: Program, pages: readonly Page[]): Promise<void> {
  for (let step = 0; step < 4; step++) {
    const told = await Promise.all(pages.map((page) => nextChange(page, 'main')));
    await pages[0]?.clock.fastForward(6000);
    program.clock.jump(6000);
    await Promise.all(told.map((wait) => wait()));
  }
}

/** Kills a stream, which is started again at once. Returns the row of the new process. */
function restartRiga(program: Program, page: Page): Locator {
  const { id } = program.pidOf('feeds', 'riga');
  program.kill('feeds', 'riga');
  return page.locator('.tr', { hasText: new RegExp(`riga#(?!${id}\\b)\\d`) });
}

/** Keeps each rate that the page shows of the store, as `rates`. */
const noteRates = `(() => {
  const rateOfStore = () =>
    [...document.querySelectorAll('.tr')].find((row) => row.innerText.includes('store')).children[4];
  globalThis.rates = [];
  new MutationObserver(() => rates.push(Number(rateOfStore().innerText.replaceAll(/\\s/g, ''))))
    .observe(document.querySelector('main'), { subtree: true, characterData: true, childList: true });
})()`;

const isLive = (page: Page): Promise<void> =>
  page.locator('.hour .live', { hasText: 'Live' }).waitFor();

const isStream = (request: Request): boolean => request.url().endsWith('/api/live');

inBrowser('the page of an observer, and its connection', () => {
  let browser: Browser;

  beforeAll(async () => {
    browser = await launch();
  });

  afterAll(async () => {
    await browser.close();
  });

  test('OBS-P08 a server that is stopped is silent, and not one that was not interrupted', async () => {
    await using program = await startProgram();
    await using server = await run('ticking.ts');
    const stream = SseClient.resilient({
      id: 'tallinn',
      url: server.url,
      idleTimeout: 300_000,
      handle: () => undefined,
    });
    await Supervisor.startChild(program.top as Supervisor.Pid, stream);
    await using opened = await open(browser, program.url);
    const { page } = opened;
    await show(page, 'streams');
    await laneOf(page, 'tallinn').getByText('no interruption').waitFor();
    const seen = (): number => SseClient.status(program.pidOf('tallinn')).events;
    const before = seen();
    await until(page, `${before} >= 0`);
    while (seen() < before + 10) {
      await until(page, 'true');
    }
    server.child.kill('SIGSTOP');
    program.clock.jump(160_000);
    await laneOf(page, 'tallinn')
      .getByText(/^silent · hangs up in 2 min/)
      .waitFor();
    program.clock.jump(150_000);
    await laneOf(page, 'tallinn').getByText('not connected').waitFor();
    const lane = laneOf(page, 'tallinn').getByRole('img', { name: /1 interruptions/ });
    await lane.waitFor();
    expect(await lane.locator('title').allTextContents()).toContainEqual(
      expect.stringMatching(/idle timeout/),
    );
  });

  test('OBS-P20 a page that is hidden lets go of its stream, and is as it was within a look once it is shown', async () => {
    await using opened = await openProgram(browser, { hasClock: true });
    const { program, page } = opened;
    await show(page, 'processes');
    await rowOf(page, /geocoder/).waitFor();
    await setHidden(page, true);
    const gone = page.waitForEvent('requestfailed', isStream);
    await pass24Seconds(program, [page]);
    await Promise.all([gone, page.clock.fastForward(6500)]);
    program.clock.jump(10_000);
    program.fillStore(20_000);
    await settle(program.system);
    const restarted = restartRiga(program, page);
    const again = page.waitForEvent('request', isStream);
    await page.evaluate(noteRates);
    await setHidden(page, false);
    expect((await again).headers()['last-event-id']).toMatch(/^\w+-\d+$/);
    await restarted.waitFor();
    for (let look = 0; look < 4; look++) {
      await (
        await nextChange(page, 'main')
      )();
    }
    await until(page, 'rates.at(-1) > 0');
    // Three streams with 17 events a second.
    expect(Math.max(...(await page.evaluate<readonly number[]>('rates')))).toBeLessThan(200);
  });

  test('OBS-P21 the ninth tab is live: those that are hidden let go of their connections', async () => {
    await using opened = await openProgram(browser, { hasClock: true });
    const { program, page } = opened;
    const another = async (): Promise<Page> => {
      const other = await page.context().newPage();
      await other.goto(`${program.url}#${token}`);
      await isLive(other);
      return other;
    };
    // Chromium has six connections for a host: the seventh page could not load.
    const pages = [page];
    while (pages.length < 6) {
      pages.push(await another());
    }
    await Promise.all(pages.map((one) => setHidden(one, true)));
    await pass24Seconds(program, pages);
    await page.clock.fastForward(6500);
    for (let count = 7; count <= 8; count++) {
      await setHidden(await another(), true);
    }
    const ninth = await another();
    expect(await ninth.locator('main.stale').count()).toBe(0);
  });

  test('OBS-P22 a program that is killed is tried again with growing pauses, and another one in its place is shown alone', async () => {
    const first = await run('served.ts', '0', 'first');
    await using opened = await open(browser, first.url, { hasClock: true });
    const { page } = opened;
    await well(page).waitFor();
    await show(page, 'processes');
    await rowOf(page, /first/).waitFor();
    const tries: number[] = [];
    page.on('request', (request) => isStream(request) && tries.push(performance.now()));
    await first.end();
    await page.locator('.hour .live.off', { hasText: /Lost, as of \d\d:\d\d:\d\d/ }).waitFor();
    await page.locator('main.stale').waitFor();
    while (tries.length < 4) {
      await page.waitForEvent('request', isStream);
    }
    const [a = 0, , c = 0, d = 0] = tries;
    // Half of a second twice as long each time, by chance down to a half of that.
    expect(c - a).toBeGreaterThan(700);
    expect(d - c).toBeGreaterThan(900);
    await using second = await startProgram({ port: Number(new URL(first.url).port) });
    expect(second.url).toBe(first.url);
    await page.clock.fastForward(4000);
    await rowOf(page, /geocoder/).waitFor();
    await isLive(page);
    expect(await page.locator('[data-row]', { hasText: 'first' }).count()).toBe(0);
  });

  test('a page whose system has ended says so, and not any more once another runs in its place', async () => {
    using proxy = await cuttable();
    const options = { hosts: [new URL(proxy.url).host] };
    const first = await startProgram(options);
    proxy.serve(first.url);
    await using opened = await open(browser, proxy.url);
    const { page } = opened;
    await well(page).waitFor();
    await first[Symbol.asyncDispose]();
    const notice = page.getByRole('status').filter({ hasText: 'The system has ended: shutdown' });
    await notice.waitFor();
    await using second = await startProgram(options);
    proxy.serve(second.url);
    await isLive(page);
    proxy.cut();
    await page.locator('main.stale').waitFor();
    expect(await notice.count()).toBe(0);
  });

  test('a page that is paused makes no connection, also when it is hidden and shown again', async () => {
    await using program = await startProgram();
    await using opened = await open(browser, program.url);
    const { page } = opened;
    await isLive(page);
    await page.getByRole('button', { name: 'Pause' }).click();
    const paused = page.locator('.hour .live.off', { hasText: 'Paused' });
    await paused.waitFor();
    const asked: string[] = [];
    page.on('request', (request) => isStream(request) && asked.push(request.url()));
    await setHidden(page, true);
    await setHidden(page, false);
    // This is answered later than a stream would have been asked for.
    await show(page, 'crashes');
    await page.getByText('Nothing has crashed.').waitFor();
    expect(asked).toEqual([]);
    await page.getByRole('button', { name: 'Go on' }).click();
    await isLive(page);
  });

  test('a page that is not let in says why: too many pages, too many wrong tokens, not allowed', async () => {
    await using program = await startProgram();
    const readers = await Promise.all(Array.from({ length: 20 }, () => openStream(program.url)));
    await using opened = await open(browser, program.url);
    const { page } = opened;
    const noticed = (text: string): Promise<void> =>
      page.getByRole('status').filter({ hasText: text }).waitFor();
    await noticed('As many pages look at this program as may.');
    readers[0]?.close();
    await isLive(page);
    readers.forEach((reader) => reader.close());
    for (let count = 0; count < 10; count++) {
      const headers = { authorization: 'Bearer wrong' };
      expect((await ask(`${program.url}api/overview`, { headers })).status).toBe(401);
    }
    await page.reload();
    await noticed('Too many wrong tokens have come from here.');
    await using other = await serve(observerHandler(program.system, { gate: () => false }));
    await page.goto(`${other.url}/`);
    await page.getByRole('heading', { name: 'Not allowed' }).waitFor();
    expect(await page.getByLabel('Token').count()).toBe(0);
  });

  test('OBS-P23 a connection that is cut for three seconds comes back with what has changed, and no more', async () => {
    using proxy = await cuttable();
    await using program = await startProgram({ hosts: [new URL(proxy.url).host] });
    proxy.serve(program.url);
    await using opened = await open(browser, proxy.url, { hasClock: true });
    const { page } = opened;
    await well(page).waitFor();
    await show(page, 'processes');
    await rowOf(page, /geocoder/).waitFor();
    proxy.cut();
    const restarted = restartRiga(program, page);
    await page.locator('main.stale').waitFor();
    program.clock.jump(3000);
    await page.clock.fastForward(3000);
    const before = proxy.answers.length;
    const again = page.waitForEvent('response', (answer) => isStream(answer.request()));
    proxy.mend();
    const answer = await again;
    expect(answer.request().headers()['last-event-id']).toMatch(/^\w+-\d+$/);
    await restarted.waitFor();
    const text = proxy.answers.slice(before).join('');
    expect(text).toContain('event: changes\n');
    expect(text).not.toContain('event: snapshot\n');
  });
});
