// Takes the pictures of docs/observer.md: `npx pnpm screenshots`. A real service runs for an hour,
// on a clock that is fast; then it runs as usual, and a browser looks at each view.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { type BrowserContext, chromium, type Page } from 'playwright-core';

import { chromiumPath, launchArguments } from '../../../../tools/chromium.ts';
import { root } from '../../../../tools/root.ts';
import { FastClock } from './fast-clock.ts';
import { type Service, shards, startService } from './service.ts';

const folder = join(root, 'docs/observer');
const token = 'a-token-for-pictures-only';
const fast = 240;

const clock = new FastClock(fast);
const service = await startService(clock, token);
/** Waits until so many minutes of the service are over. */
const minutes = async (count: number): Promise<void> => {
  await delay((count * 60_000) / fast);
};

await liveAnHour(service);
clock.rate = 1;
await takeAll(service.url);
await service.stop();

async function liveAnHour({ source, crashJob, holdThread, loseDatabase }: Service): Promise<void> {
  await minutes(8);
  source.cut(['riga', 'athens']);
  await minutes(7);
  await crashJob();
  holdThread(7, 187);
  holdThread(9, 164);
  await minutes(6);
  shards.forEach((shard) => source.refused.add(shard));
  source.cut(shards);
  await minutes(1.5);
  source.refused.clear();
  await minutes(10);
  holdThread(10, 213);
  source.cut(['riga', 'berlin']);
  await minutes(6);
  await crashJob();
  await minutes(11);
  loseDatabase();
  await minutes(2);
  source.silent.add('reykjavik');
  await minutes(6);
  clock.rate = 20;
  source.refused.add('kiosk');
  source.cut(['kiosk']);
  await delay(8000);
}

interface Look {
  readonly name: string;
  readonly theme: 'light' | 'dark';
  readonly width: number;
  readonly height: number;
}

async function takeAll(url: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const browser = await chromium.launch({
    executablePath: chromiumPath() ?? '',
    args: [...launchArguments],
  });
  const looks: readonly Look[] = [
    { name: 'light', theme: 'light', width: 1360, height: 900 },
    { name: 'dark', theme: 'dark', width: 1360, height: 900 },
    { name: 'phone', theme: 'light', width: 390, height: 844 },
  ];
  const pages = await Promise.all(
    looks.map(async ({ theme, width, height }) => {
      const context = await browser.newContext({
        viewport: { width, height },
        colorScheme: theme,
        deviceScaleFactor: 1.5,
      });
      return open(context, url);
    }),
  );
  // Curves begin when somebody looks.
  await delay(20_000);
  for (const [at, page] of pages.entries()) {
    await takeViews(page, looks[at]?.name ?? '');
  }
  await browser.close();
}

async function open(context: BrowserContext, url: string): Promise<Page> {
  const page = await context.newPage();
  page.on('console', (message) => {
    if (message.type() === 'error') {
      console.error(message.text());
    }
  });
  page.on('pageerror', (error) => {
    console.error(error);
  });
  await page.goto(`${url}#${token}`);
  await page.locator('.headline').waitFor();
  return page;
}

async function takeViews(page: Page, look: string): Promise<void> {
  // On a phone the bar at the bottom of the screen would stand in the middle of a whole page.
  const take = async (name: string, fullPage = look !== 'phone'): Promise<void> => {
    await delay(1500);
    await page.screenshot({ path: join(folder, `${name}-${look}.png`), fullPage });
  };
  await take('overview');
  await page.evaluate("location.hash = '#processes'");
  for (const folded of ['prices', 'orders', 'flags', 'observer']) {
    await page.locator(`.tr:has(.label:text-is('${folded}')) .chev`).click();
  }
  await page.evaluate("location.hash = '#processes?selected=shop-feeds / enrich / geocoder-queue'");
  // Its list draws what is to be seen.
  await take('processes', false);
  await page.evaluate("location.hash = '#streams'");
  await take('streams');
  await page.evaluate("location.hash = '#crashes'");
  await take('crashes');
  await page.evaluate("location.hash = '#system'");
  await take('system');
  await page.evaluate("location.hash = '#crashes'");
  await page.getByText('The tree at that time').click();
  await take('replay', false);
  await page.evaluate("location.hash = '#overview'");
}
