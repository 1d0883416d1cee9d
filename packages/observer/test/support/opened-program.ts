import type { Browser } from 'playwright-core';

import { open, type Opened, type OpenOptions } from './chromium.ts';
import { type Program, startProgram } from './program.ts';
import { well } from './queries.ts';

/** The service of the browser tests, and its page. */
export interface OpenedProgram extends Opened {
  readonly program: Program;
}

/** Starts the service, and opens its page, which says that all is well. */
export async function openProgram(
  browser: Browser,
  options: OpenOptions = {},
): Promise<OpenedProgram> {
  await using started = new AsyncDisposableStack();
  const program = started.use(await startProgram());
  const opened = started.use(await open(browser, program.url, options));
  await well(opened.page).waitFor();
  const all = started.move();
  return { ...opened, program, [Symbol.asyncDispose]: () => all.disposeAsync() };
}
