import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

import { chromiumPath, launchArguments } from '../../../../tools/chromium.ts';
import { token } from './observed.ts';

/** The views of the page, by their names in its address. */
export const views = ['overview', 'processes', 'streams', 'crashes', 'system'] as const;

/** A page that is open, and what it has complained of. */
export interface Opened extends AsyncDisposable {
  readonly page: Page;
  /** Errors of its scripts, and breaches of its policy. */
  readonly complaints: readonly string[];
  /** All that it has asked for. */
  readonly urls: readonly string[];
}

/** `undefined`, with a banner, where there is no Chromium. */
export const executablePath = chromiumPath();

/** Chromium. Names of `.example` are this machine. */
export async function launch(): Promise<Browser> {
  return chromium.launch({
    executablePath: executablePath ?? '',
    args: [...launchArguments, '--host-resolver-rules=MAP *.example 127.0.0.1'],
    // No timeout of its own: that of the test is enough.
    timeout: 0,
  });
}

export interface OpenOptions extends BrowserContextOptions {
  /** The fragment of the address. Default: the token. */
  readonly hash?: string;
  /** Whether the timers of the page are those of `page.clock`, which can jump. Default: `false`. */
  readonly hasClock?: boolean;
  /** Whether the tab has shown no page before. So it is with options of a context. */
  readonly isNew?: boolean;
}

/** Tabs that show nothing now: a new one takes two seconds of the processor, for its process. */
const freeTabs = new WeakMap<Browser, Page[]>();

/** The page at `url`, as one sees it who has its token, in a context of its own. */
export async function open(
  browser: Browser,
  url: string,
  { hash = token, hasClock = false, isNew = false, ...options }: OpenOptions = {},
): Promise<Opened> {
  const isReusable = !isNew && !hasClock && Object.keys(options).length === 0;
  const free = freeTabs.get(browser) ?? [];
  freeTabs.set(browser, free);
  const page = (isReusable ? free.pop() : undefined) ?? (await newTab(browser, hasClock, options));
  const [complaints, urls]: [string[], string[]] = [[], []];
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('request', (request) => urls.push(request.url()));
  await page.goto(`${url}#${hash}`);
  const close = async (): Promise<void> => {
    if (!isReusable) {
      await page.context().close();
      return;
    }
    for (const event of ['console', 'pageerror', 'request']) {
      page.removeAllListeners(event);
    }
    await page.unrouteAll();
    await page.goto('about:blank');
    free.push(page);
  };
  return { page, complaints, urls, [Symbol.asyncDispose]: close };
}

async function newTab(
  browser: Browser,
  hasClock: boolean,
  options: BrowserContextOptions,
): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1360, height: 900 }, ...options });
  context.setDefaultTimeout(60_000);
  if (hasClock) {
    await context.clock.install();
  }
  return context.newPage();
}

/** Waits until the page shows this view, which it goes to by its address. */
export async function show(page: Page, address: string): Promise<void> {
  await page.evaluate(`location.hash = ${JSON.stringify(`#${address}`)}`);
  const [view = ''] = address.split('?');
  await page
    .locator(`.tab[aria-current=page][href='#${view}']`)
    .first()
    .waitFor({ state: 'attached' });
}

/** How often an expression of the page is evaluated, in ms. */
const pause = 50;

/** Waits until an expression of the page is true. */
export async function until(page: Page, expression: string): Promise<void> {
  // `waitForFunction` evaluates texts in the page, which its policy forbids.
  while ((await page.evaluate(expression)) !== true) {
    await page.evaluate(`new Promise((go) => { setTimeout(go, ${pause}); })`);
  }
}

/** From now on: the function that it returns waits until an element has changed and is drawn. */
export async function nextChange(page: Page, selector: string): Promise<() => Promise<void>> {
  await page.evaluate(`void (globalThis.changed = new Promise((over) => {
    const watcher = new MutationObserver(() => {
      watcher.disconnect();
      requestAnimationFrame(() => over());
    });
    watcher.observe(document.querySelector(${JSON.stringify(selector)}), {
      subtree: true,
      attributes: true,
      characterData: true,
      childList: true,
    });
  }))`);
  return () => page.evaluate('changed');
}
