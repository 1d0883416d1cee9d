import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { settle } from '@reprise/actor/testing';
import type { Browser, Page } from 'playwright-core';

import { lowTargets, seriousIn } from '../support/axe.ts';
import { executablePath, launch, open, show, until, views } from '../support/chromium.ts';
import { openProgram } from '../support/opened-program.ts';
import { startProgram } from '../support/program.ts';
import { laneOf, panelOf, well } from '../support/queries.ts';

const inBrowser = executablePath === undefined ? describe.skip : describe;

inBrowser('the views of the page', () => {
  let browser: Browser;

  beforeAll(async () => {
    browser = await launch();
  });

  afterAll(async () => {
    await browser.close();
  });

  test('OBS-P04 OBS-P05 OBS-P31 a child that crashes again and again is a finding, told once, until it has run for two minutes', async () => {
    await using opened = await openProgram(browser);
    const { program, page } = opened;
    program.clock.rate = 200;
    program.loseDatabase();
    const finding = page.getByRole('listitem').filter({ hasText: 'geocoder keeps crashing' });
    await finding.waitFor();
    program.clock.rate = 1;
    await page.getByRole('heading', { level: 1, name: 'One process needs you.' }).waitFor();
    await until(page, "document.title === '(1) app'");
    // Between a start and its failure there is no countdown.
    const detailed =
      /Error: connect ECONNREFUSED 10\.0\.4\.7:6432\..*enrich starts it again in \d.* queue, which watches it, has 1 message waiting\./;
    await finding.filter({ hasText: detailed }).waitFor();
    const told = page.getByRole('status').filter({ hasText: 'geocoder keeps crashing' });
    const text = await told.innerText();
    expect(text).not.toMatch(/starts it again/);
    const detail = await finding.locator('p').innerText();
    program.clock.jump(1500);
    const hasCounted = `document.querySelector('.finding p').innerText !== ${JSON.stringify(detail)}`;
    await until(page, hasCounted);
    expect(await told.innerText()).toBe(text);
    expect(await page.locator('[aria-live]:not([role=status]), [role=alert]').count()).toBe(0);
    program.restoreDatabase();
    program.clock.rate = 60;
    await well(page).waitFor();
    program.clock.rate = 1;
    await until(page, "document.title === 'app'");
    await show(page, 'crashes');
    await page.getByRole('heading', { name: /connect ECONNREFUSED/ }).waitFor();
    // Each restart is later than 5 s after the one before it.
    await page
      .getByText(/counted restart \d+: 1 of 3 within 5 s; takes nobody along \(oneForOne\)/)
      .waitFor();
  });

  test('OBS-P07 a stream that says nothing is hollow, tells when it hangs up, and then why it did', async () => {
    await using opened = await openProgram(browser);
    const { program, page } = opened;
    await show(page, 'streams');
    program.source.silent.add('riga');
    await laneOf(page, 'riga').getByText('no interruption').waitFor();
    program.clock.jump(160_000);
    await laneOf(page, 'riga')
      .getByText(/^silent · hangs up in 2 min/)
      .waitFor();
    expect(
      await laneOf(page, 'riga')
        .getByRole('img', { name: /silent now/ })
        .count(),
    ).toBe(1);
    program.clock.jump(150_000);
    program.clock.rate = 10;
    await laneOf(page, 'riga')
      .getByText(/^1 reconnect · idle timeout/)
      .waitFor();
  });

  test('OBS-P13 a process that is selected stays selected when it is started again', async () => {
    await using opened = await openProgram(browser);
    const { program, page } = opened;
    await show(page, 'processes?selected=app / feeds / riga');
    const before = program.pidOf('feeds', 'riga').id;
    await panelOf(page, 'riga').getByText(`#${before}`).waitFor();
    program.kill('feeds', 'riga');
    const pid = "(document.querySelector('.panel h2 .mono')?.innerText ?? '')";
    await until(page, `${pid} !== '' && ${pid} !== '#${before}'`);
    expect(await page.locator('.tr.sel').innerText()).toContain('riga');
    await panelOf(page, 'riga').getByText(`#${before} killed`).waitFor();
  });

  test('OBS-P14 a link to a process in a folded branch unfolds it, and Back returns', async () => {
    await using opened = await openProgram(browser);
    const { page } = opened;
    await show(page, 'processes?selected=app / enrich / geocoder');
    const watcher = panelOf(page, 'geocoder').getByRole('link', { name: 'queue' });
    await watcher.waitFor();
    await page.locator('.tr', { hasText: 'enrich' }).locator('.chev').click();
    await page.locator('[data-row]', { hasText: 'queue' }).waitFor({ state: 'detached' });
    await watcher.click();
    await page.locator('.tr.sel', { hasText: 'queue' }).waitFor();
    expect(page.url()).toMatch(/selected=.*queue/);
    await page.goBack();
    await page.locator('.tr.sel', { hasText: 'geocoder' }).waitFor();
  });

  test('OBS-P15 shows a state without secrets, as formatStatus gives it, and asks no process that is stuck', async () => {
    await using program = await startProgram();
    await using opened = await open(browser, program.url);
    const { page } = opened;
    const release = program.holdStore();
    await well(page).waitFor();
    await show(page, 'processes?selected=app / enrich / queue');
    const queue = panelOf(page, 'queue').locator('pre').last();
    await queue.getByText('asked: 0').waitFor();
    expect(await queue.innerText()).not.toMatch(/open sesame|abcdefghijklmnop/);
    expect(await queue.locator('.hid').innerText()).toBe('hidden');
    await show(page, 'processes?selected=app / enrich / geocoder');
    const geocoder = panelOf(page, 'geocoder').locator('pre').last();
    await geocoder.getByText('found: 0').waitFor();
    expect(await geocoder.innerText()).not.toMatch(/hidden by a key|database/);
    await show(page, 'processes?selected=app / store');
    await panelOf(page, 'store')
      .getByText(/has not settled/)
      .waitFor();
    await panelOf(page, 'store')
      .getByText(/handleCast\.hold/)
      .waitFor();
    await panelOf(page, 'store')
      .getByRole('row', { name: /cast hold in hand/ })
      .waitFor();
    release();
    await panelOf(page, 'store')
      .getByText(/waits for messages/)
      .waitFor();
  });

  test('OBS-H01 OBS-P16 OBS-P17 goes back to the tree at a crash, steps through what happened, and is live again', async () => {
    await using program = await startProgram();
    const before = program.pidOf('enrich', 'geocoder').id;
    const first = await open(browser, program.url);
    await until(
      first.page,
      "document.querySelector('.subline')?.innerText.includes('3 of 3') === true",
    );
    await first[Symbol.asyncDispose]();
    program.kill('enrich', 'geocoder');
    await settle(program.system);
    program.clock.jump(600_000);
    await using opened = await open(browser, program.url);
    const { page } = opened;
    await well(page).waitFor();
    await show(page, 'crashes');
    await page.getByRole('link', { name: 'The tree at that time' }).click();
    const row = page.locator('.tr.sel', { hasText: 'geocoder' });
    await row.waitFor();
    await page
      .getByRole('listitem')
      .filter({ hasText: `#${before} crashed` })
      .waitFor();
    expect(await page.locator('.steps [aria-current=step]').count()).toBe(1);
    const time = /time=(\d+)/.exec(page.url())?.[1];
    // On a busy machine the report is made after the end: the end is a step of its own.
    await page.keyboard.press('ArrowLeft');
    await until(page, `!location.hash.includes('time=${time}')`);
    await page.keyboard.press('ArrowLeft');
    await page.locator('.tr', { hasText: `geocoder#${before}` }).waitFor();
    // Neither queues nor rates are recorded.
    const cells = await page
      .locator('.tr', { hasText: 'store' })
      .getByRole('gridcell')
      .allInnerTexts();
    expect(cells.slice(3, 6)).toEqual(['', '', '']);
    await page.keyboard.press('Escape');
    await page.locator('.hour .live', { hasText: 'Live' }).waitFor();
    const now = program.pidOf('enrich', 'geocoder').id;
    await page.locator('.tr', { hasText: `geocoder#${now}` }).waitFor();
  });

  test('OBS-P16 the hour is dragged to a time in it', async () => {
    await using opened = await openProgram(browser);
    const { program, page } = opened;
    const { x, y, width, height } = (await page.getByRole('slider').boundingBox()) ?? nowhere;
    await page.mouse.move(x + width * 0.2, y + height / 2);
    await page.mouse.down();
    await page.mouse.move(x + width * 0.5, y + height / 2, { steps: 3 });
    await page.mouse.up();
    await until(page, "document.querySelector('.live.then') !== null");
    const shown = Number(new URLSearchParams(page.url().split('?')[1]).get('time'));
    // The middle of the last hour.
    expect(Math.abs(program.system.clock.now() - 1_800_000 - shown)).toBeLessThan(60_000);
    await page
      .getByRole('button', { name: /Back to live/ })
      .first()
      .click();
    await page.locator('.hour .live', { hasText: 'Live' }).waitFor();
  });

  test('OBS-P18 times are those of the viewer, with the zone named once, and of UTC on a hover', async () => {
    await using opened = await openProgram(browser, { timezoneId: 'Asia/Kolkata' });
    const { program, page } = opened;
    program.kill('feeds', 'riga');
    const time = page.locator('.changes time').first();
    await time.waitFor();
    const utc = new Date((await time.getAttribute('title'))?.replace(' UTC', 'Z') ?? '');
    const here = new Date(utc.getTime() + 5.5 * 3_600_000).toISOString().slice(11, 19);
    expect(await time.innerText()).toBe(here);
    expect(await page.getByText(/Asia\/(?:Kolkata|Calcutta)/).count()).toBe(1);
  });

  test('OBS-P24 a system that ends says so, with the reason', async () => {
    const program = await startProgram();
    await using opened = await open(browser, program.url);
    const { page } = opened;
    await well(page).waitFor();
    await program[Symbol.asyncDispose]();
    const notice = page.getByRole('status').filter({ hasText: 'The system has ended' });
    expect(await notice.innerText()).toMatch(
      /^The system has ended: shutdown\. This is how it was at/,
    );
  });

  test('OBS-P27 is used by keys alone: views, rows, folds, a panel, and every control shows its focus', async () => {
    await using opened = await openProgram(browser);
    const { page } = opened;
    await page.keyboard.press('2');
    const first = page.locator('.tr[data-row]').first();
    await first.waitFor();
    await first.focus();
    await page.keyboard.press('ArrowDown');
    await until(page, "document.activeElement.innerText.includes('store')");
    await page.keyboard.press('Home');
    await until(page, "document.activeElement.innerText.includes('restForOne')");
    await page.keyboard.press('ArrowLeft');
    await page.locator('.tr', { hasText: 'store' }).waitFor({ state: 'detached' });
    await page.keyboard.press('ArrowRight');
    await page.locator('.tr', { hasText: 'store' }).waitFor();
    await page.keyboard.type('geo');
    await until(page, "document.activeElement.innerText.includes('geocoder')");
    await page.keyboard.press('Enter');
    await panelOf(page, 'geocoder').waitFor();
    await page.keyboard.press('/');
    await until(page, "document.activeElement.id === 'find'");
    await page.keyboard.press('Escape');
    for (const view of views) {
      await show(page, view);
      expect([view, await tabThrough(page)]).toEqual([view, []]);
    }
  });

  test('OBS-P30 with less motion nothing moves, and states differ by shape where colours are forced', async () => {
    await using opened = await openProgram(browser, {
      reducedMotion: 'reduce',
      forcedColors: 'active',
      // 200 %: half as many pixels for the page.
      viewport: { width: 680, height: 450 },
    });
    const { program, page } = opened;
    program.loseDatabase();
    await show(page, 'processes');
    await page.locator('.tr .dot.down').waitFor();
    expect(await page.evaluate('document.getAnimations().length')).toBe(0);
    const shapes = await page.evaluate<readonly string[]>(
      "['down', 'idle', 'busy'].map((name) => { const { borderRadius, backgroundColor, boxShadow } = getComputedStyle(document.querySelector('.foot .dot.' + name)); return [borderRadius, backgroundColor, boxShadow].join(); })",
    );
    expect(new Set(shapes).size).toBe(3);
    for (const view of views) {
      await show(page, view);
      expect([view, await page.evaluate('document.documentElement.scrollWidth')]).toEqual([
        view,
        680,
      ]);
    }
  });

  test.each([
    ['light', 1360],
    ['light', 390],
    ['dark', 1360],
    ['dark', 390],
  ] as const)(
    'OBS-P26 OBS-P28 in every view axe finds nothing serious, nothing scrolls sideways, and what is pressed is high enough: %s, %i px',
    async (colorScheme, width) => {
      await using program = await startProgram();
      program.loseDatabase();
      await using opened = await open(browser, program.url, {
        colorScheme,
        viewport: { width, height: 844 },
        bypassCSP: true,
      });
      const { page } = opened;
      await page.locator('.headline').waitFor();
      for (const view of [...views, 'processes?selected=app / enrich / queue']) {
        await show(page, view);
        await page.locator('main h1').waitFor();
        expect([view, await seriousIn(page)]).toEqual([view, []]);
        const wide = await page.evaluate('document.documentElement.scrollWidth');
        expect([view, wide]).toEqual([view, width]);
        const low = width < 500 ? await page.evaluate(lowTargets) : [];
        expect([view, low]).toEqual([view, []]);
      }
    },
  );
});

const nowhere = { x: 0, y: 0, width: 0, height: 0 };

/** Tab from the first control to the last: those that were left out, or show no focus. */
async function tabThrough(page: Page): Promise<readonly string[]> {
  await page.evaluate(
    `(() => {
      globalThis.reached = new Set();
      globalThis.stops = () => [...document.querySelectorAll('a[href], button, input, [tabindex="0"]')]
        .filter((element) => element.checkVisibility());
      document.activeElement.blur();
      window.scrollTo(0, 0);
    })()`,
  );
  const count = await page.evaluate<number>('stops().length');
  for (let at = 0; at < count + 3; at++) {
    await page.keyboard.press('Tab');
    await page.evaluate(`(() => {
      const element = document.activeElement;
      const { outlineStyle, outlineWidth } = getComputedStyle(element);
      const around = getComputedStyle(element.closest('label') ?? element);
      if (outlineStyle !== 'none' && outlineWidth !== '0px' || around.outlineStyle !== 'none') {
        reached.add(element);
      }
    })()`);
  }
  return page.evaluate(
    'stops().filter((element) => !reached.has(element)).map((element) => element.outerHTML.slice(0, 120))',
  );
}
