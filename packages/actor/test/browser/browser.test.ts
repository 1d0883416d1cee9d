import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { build } from 'esbuild';
import { type Browser, chromium } from 'playwright-core';

import { chromiumPath, launchArguments } from '../../../../tools/chromium.ts';
import type { Outcome } from './scenario.ts';

const executablePath = chromiumPath();
const inBrowser = executablePath === undefined ? describe.skip : describe;

inBrowser('in Chromium', () => {
  let browser: Browser | undefined;
  let outcome: Outcome | undefined;

  beforeAll(async () => {
    browser = await chromium.launch({
      executablePath: executablePath ?? '',
      args: [...launchArguments],
      // No timeout of its own: that of the test is enough.
      timeout: 0,
    });
    const page = await browser.newPage();
    await page.addScriptTag({ content: await bundle('browser/scenario.ts') });
    outcome = await page.evaluate<Outcome>('scenario.run()');
  });

  afterAll(async () => {
    await browser?.close();
  });

  test('the page has no globals of Node, and no setImmediate', () => {
    expect(outcome?.foreign).toEqual([]);
  });

  test('a child that crashes fails its callers, is reported, and is started afresh', () => {
    expect(outcome?.crash).toMatch(/boom/);
    expect(outcome?.fresh).toBe(1);
    expect(outcome?.reports).toContainEqual(
      expect.stringMatching(/^child "counter" .*of supervisor .* crashed: Error: boom/),
    );
  });

  test('a thousand calls are answered, one after the other', () => {
    expect(outcome?.last).toBe(1001);
  });

  test('a process that floods itself lets timers in', () => {
    expect(outcome?.isFlooded).toBe(true);
    expect(outcome?.ticks).toBe(5);
  });

  test('the system stops in order', () => {
    expect(outcome?.exited).toBe('shutdown');
  });
});

test.each(['index.ts', 'testing.ts', 'xstate.ts'])(
  '%s is bundled for a browser unchanged: it imports no module of Node',
  async (entry) => {
    expect(await bundle(`../src/${entry}`)).not.toHaveLength(0);
  },
);

/** The module as a page loads it: its exports are the global `scenario`. */
async function bundle(entry: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(import.meta.dirname, '..', entry)],
    bundle: true,
    write: false,
    platform: 'browser',
    format: 'iife',
    globalName: 'scenario',
    conditions: ['@reprise/source'],
    logLevel: 'silent',
  });
  return outputFiles[0]?.text ?? '';
}
