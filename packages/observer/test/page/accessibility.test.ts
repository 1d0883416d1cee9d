// Rows of the catalogue about those who see, hear or press in another way than with a mouse.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';

import { lowTargets, seriousIn } from '../support/axe.ts';
import { executablePath, launch, show, until, views } from '../support/chromium.ts';
import { type OpenedProgram, openProgram } from '../support/opened-program.ts';
import { panelOf } from '../support/queries.ts';

const inBrowser = executablePath === undefined ? describe.skip : describe;

inBrowser('the page, for all who look', () => {
  let browser: Browser;

  beforeAll(async () => {
    browser = await launch();
  });

  afterAll(async () => {
    await browser.close();
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

  describe.each([1360, 390])('%i px, dark and light', (width) => {
    let opened: OpenedProgram;

    beforeAll(async () => {
      opened = await openProgram(browser, {
        colorScheme: 'dark',
        viewport: { width, height: 844 },
        bypassCSP: true,
      });
      opened.program.loseDatabase();
    });

    afterAll(async () => {
      await opened[Symbol.asyncDispose]();
    });

    test.each([...views, 'processes?selected=app / enrich / queue'])(
      'OBS-P26 OBS-P28 axe finds nothing serious, nothing scrolls sideways, and what is pressed is high enough: %s',
      async (view) => {
        const { page } = opened;
        await show(page, view);
        await page.locator('main h1').waitFor();
        expect(await page.evaluate(theme)).toBe('dark');
        expect(await seriousIn(page)).toEqual([]);
        expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
        expect(width < 500 ? await page.evaluate(lowTargets) : []).toEqual([]);
        await page.getByRole('button', { name: 'Light or dark' }).click();
        expect(await page.evaluate(theme)).toBe('light');
        // The scheme changes nothing but colours.
        expect(await seriousIn(page, ['color-contrast'])).toEqual([]);
        await page.getByRole('button', { name: 'Light or dark' }).click();
      },
    );
  });
});

const theme = 'document.documentElement.dataset.theme';

/**
 * Tab through all controls of the page: those that were left out, or show no focus. There may come
 * more of them meanwhile.
 */
async function tabThrough(page: Page): Promise<readonly string[]> {
  await page.evaluate(`(() => {
    const reached = new Set();
    const stops = () => [...document.querySelectorAll('a[href], button, input, [tabindex="0"]')]
      .filter((element) => element.checkVisibility());
    globalThis.missed = () => stops().filter((element) => !reached.has(element))
      .map((element) => element.outerHTML.slice(0, 120));
    globalThis.note = () => {
      const element = document.activeElement;
      const { outlineStyle, outlineWidth } = getComputedStyle(element);
      const around = getComputedStyle(element.closest('label') ?? element);
      if (outlineStyle !== 'none' && outlineWidth !== '0px' || around.outlineStyle !== 'none') {
        reached.add(element);
      }
      return [missed().length, stops().length];
    };
    document.activeElement.blur();
    window.scrollTo(0, 0);
  })()`);
  for (let at = 0, [left, count] = [1, Infinity]; left > 0 && at < 2 * count; at++) {
    await page.keyboard.press('Tab');
    [left, count] = await page.evaluate<[number, number]>('note()');
  }
  return page.evaluate('missed()');
}
