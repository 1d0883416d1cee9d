import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { settle } from '@reprise/actor/testing';
import type { Browser } from 'playwright-core';

import { executablePath, launch, nextChange, open, show, until } from '../support/chromium.ts';
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
    await until(first.page, areConnected(3));
    // A change to step back to: the tree is recorded from the start of the observer on.
    program.source.refused.add('riga');
    program.source.cut(['riga']);
    await until(first.page, areConnected(2));
    program.source.refused.clear();
    program.clock.jump(60_000);
    await until(first.page, areConnected(3));
    await first[Symbol.asyncDispose]();
    // On a busy machine the report is made later than the end, which were a step of its own.
    program.clock.rate = 0.001;
    program.kill('enrich', 'geocoder');
    await settle(program.system);
    program.clock.rate = 1;
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

  test('OBS-P29 in a minute in which nothing is pressed, nothing moves to another place', async () => {
    await using opened = await openProgram(browser);
    const { program, page } = opened;
    await until(page, areConnected(3));
    await page.evaluate(`(() => {
      const what = ({ node, previousRect: { x, width }, currentRect: now }) =>
        [node?.outerHTML ?? node?.data, x, width, now.x, now.width].join();
      globalThis.shifts = [];
      new PerformanceObserver((list) => {
        shifts.push(...list.getEntries().map(({ sources }) => sources.map(what).join('\\n')));
      }).observe({ type: 'layout-shift' });
    })()`);
    for (let second = 0; second < 60; second++) {
      const drawn = await nextChange(page, 'main');
      program.clock.jump(1000);
      await drawn();
    }
    expect(await page.evaluate<readonly string[]>('shifts')).toEqual([]);
  });
});

/** Whether the page says that so many of the streams are connected. */
const areConnected = (count: number): string =>
  `document.querySelector('.subline')?.innerText.includes('${count} of 3') === true`;

const nowhere = { x: 0, y: 0, width: 0, height: 0 };
