import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { SseClient } from '@reprise/sse';
import type { Browser, Page } from 'playwright-core';

import { executablePath, launch, open, show, until, views } from '../support/chromium.ts';
import { openProgram } from '../support/opened-program.ts';
import { laneOf, rowOf } from '../support/queries.ts';

const inBrowser = executablePath === undefined ? describe.skip : describe;

inBrowser('the page of an observer', () => {
  let browser: Browser;

  beforeAll(async () => {
    browser = await launch();
  });

  afterAll(async () => {
    await browser.close();
  });

  test('OBS-P01 OBS-P33 SEC-12 of a system that is well has nothing red and moves nothing, asks its own server alone, and keeps its policy', async () => {
    await using opened = await openProgram(browser);
    const { program, page, complaints, urls } = opened;
    await until(page, "document.querySelector('.subline')?.innerText.includes('3 of 3') === true");
    for (const view of views) {
      await show(page, view);
      expect([view, await page.evaluate(redElements)]).toEqual([view, []]);
      // One animation makes the browser draw sixty times a second.
      expect(await page.evaluate('document.getAnimations().length')).toBe(0);
    }
    expect(complaints).toEqual([]);
    const asked = urls.map((url) => new URL(url)).filter(({ protocol }) => protocol !== 'data:');
    expect(new Set(asked.map(({ origin }) => `${origin}/`))).toEqual(new Set([program.url]));
  });

  test('OBS-P02 OBS-P03 shows a crash at once: a tinted row, its count, the meter, and a countdown to the next start', async () => {
    await using opened = await openProgram(browser);
    const { program, page } = opened;
    await show(page, 'processes');
    const row = rowOf(page, /^(?!.*app).*geocoder/);
    await row.waitFor();
    const bars = row.locator('.spark rect[fill="var(--bad-line)"]');
    expect(await row.locator('.spark').innerText()).toBe('');
    program.kill('enrich', 'geocoder');
    await page.locator('.tr.flash', { hasText: 'geocoder' }).waitFor();
    expect(await row.innerText()).toMatch(/starts in \d+ s\s+1\b/);
    expect(await bars.count()).toBe(1);
    await page.getByRole('img', { name: '1 of 3 restarts in 5 s' }).waitFor();
    // Opened in the middle of the pause, the page counts to the same moment.
    await using other = await open(browser, program.url);
    await show(other.page, 'processes');
    await rowOf(other.page, /geocoder.*starts in \d+ s/).waitFor();
    expect(Math.abs((await secondsLeft(page)) - (await secondsLeft(other.page)))).toBeLessThan(3);
    // Slowly, so that no page misses it.
    program.clock.rate = 0.25;
    program.clock.jump(80_000);
    const started = page.locator('.tr.flash', { hasText: /geocoder#\d+/ });
    await started.waitFor();
    program.clock.rate = 1;
    program.clock.jump(3000);
    await started.waitFor({ state: 'detached' });
    expect(await row.innerText()).not.toMatch(/starts in/);
    // Another part of the hour.
    program.clock.jump(300_000);
    program.kill('enrich', 'geocoder');
    await row.filter({ hasText: /starts in \d+ s\s*2/ }).waitFor();
    expect(await bars.count()).toBe(2);
  });

  test('OBS-P06 OBS-P09 a stream that is cut is a tick with its reason, attempts, and a countdown to the next one', async () => {
    await using opened = await openProgram(browser);
    const { program, page } = opened;
    await show(page, 'streams');
    await laneOf(page, 'riga').waitFor();
    program.source.refused.add('riga');
    program.clock.rate = 5;
    program.source.cut(['riga']);
    // A pause that is long enough for a busy machine to see it; another one comes soon.
    await laneOf(page, 'riga')
      .getByText(/^attempt \d+ in [1-9]\d s · .*503/)
      .waitFor();
    program.clock.rate = 1;
    const { attempt, nextAttemptAt = 0 } = SseClient.status(program.pidOf('feeds', 'riga'));
    const text = await laneOf(page, 'riga').innerText();
    const [, number, left] = /attempt (\d+) in (\d+) s/.exec(text) ?? [];
    expect(Number(number)).toBe(attempt + 1);
    const now = program.system.clock.now();
    expect(Math.abs(Number(left) * 1000 - (nextAttemptAt - now))).toBeLessThan(2000);
    program.source.refused.clear();
    program.clock.rate = 20;
    const lane = laneOf(page, 'riga').getByRole('img', { name: /1 interruptions/ });
    await laneOf(page, 'riga')
      .getByText(/^1 reconnect/)
      .waitFor();
    program.clock.rate = 1;
    expect(await lane.locator('circle').count()).toBeGreaterThan(0);
    expect(await lane.locator('title').allTextContents()).toContainEqual(
      expect.stringMatching(/reset|aborted|closed/i),
    );
  });
});

/** Until the geocoder is started again, as a page shows it. */
async function secondsLeft(page: Page): Promise<number> {
  const text = await page.locator('[data-row]', { hasText: 'geocoder' }).innerText();
  return Number(/starts in (\d+) s/.exec(text)?.[1]);
}

/** What has the colour of something that needs a person. */
const redElements = `(() => {
  const probe = document.body.appendChild(document.createElement('i'));
  const reds = ['--bad', '--bad-soft', '--bad-line'].map((name) => {
    probe.style.color = 'var(' + name + ')';
    return getComputedStyle(probe).color;
  });
  probe.remove();
  return [...document.querySelectorAll('body *')]
    .filter((element) => {
      const { color, backgroundColor, fill, stroke, borderTopColor } = getComputedStyle(element);
      return [color, backgroundColor, fill, stroke, borderTopColor].some((one) => reds.includes(one));
    })
    .map((element) => element.outerHTML.slice(0, 120));
})()`;
