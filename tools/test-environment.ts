import { TestEnvironment } from 'jest-environment-node';

import { closingTime, counted } from './open-resources.ts';

const failures: readonly string[] = ['test_fn_failure', 'hook_failure', 'error'];

/**
 * Jest's environment for Node that fails a test file which leaves a socket, a server, a timer or a
 * child process open. Jest itself ends a worker process that does not exit, and only warns.
 */
export default class ClosingEnvironment extends TestEnvironment {
  /** The open resources of the worker itself: its channel to jest. */
  #own: readonly string[] = [];
  #hasFailed = false;

  override async setup(): Promise<void> {
    await super.setup();
    // Each opens when something reads it first, and stays open.
    void [process.stdin, process.stdout, process.stderr];
    this.#own = process.getActiveResourcesInfo();
  }

  /** Called by jest for each event of its run. */
  handleTestEvent({ name }: { readonly name: string }): void {
    this.#hasFailed ||= failures.includes(name);
  }

  override async teardown(): Promise<void> {
    await super.teardown();
    // A test that timed out has closed nothing. An error from here would hide that it did.
    if (this.#hasFailed) {
      return;
    }
    const deadline = performance.now() + closingTime;
    let open = this.#open();
    while (open.length > 0 && performance.now() < deadline) {
      await new Promise((resolve) => {
        setTimeout(resolve, 10);
      });
      open = this.#open();
    }
    if (open.length > 0) {
      throw new Error(
        `Expected all that the tests opened to be closed after ${closingTime} ms, got ${counted(open)}. ` +
          '`pnpm jest --detectOpenHandles PATTERN` names the line that opened it.',
      );
    }
  }

  #open(): readonly string[] {
    const own = [...this.#own];
    return process.getActiveResourcesInfo().filter((type) => {
      const index = own.indexOf(type);
      if (index !== -1) {
        own.splice(index, 1);
      }
      return index === -1 && !type.startsWith('TTY');
    });
  }
}
