import { closingTime, counted } from './open-resources.ts';

/** The part of jest's results that counts the tests. */
interface Results {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly numRuntimeErrorTestSuites: number;
}

/**
 * A reporter that ends the output with one plain line, `N passed, N failed, N skipped`. It also
 * ends a run that a leaked handle would keep alive for ever: jest itself warns after a second and
 * waits on, where the tests run in its own process (`--runInBand`, or a single test file).
 */
export default class LastLine {
  readonly #watching: boolean;

  constructor(config: { readonly watch: boolean; readonly watchAll: boolean }) {
    this.#watching = config.watch || config.watchAll;
  }

  onRunComplete(_contexts: unknown, results: Results): void {
    // On exit: jest prints its own summary after this call.
    process.once('exit', () => process.stderr.write(`\n${line(results)}\n`));
    if (!this.#watching) {
      // Unreferenced: jest exits before this fires unless something was left open.
      setTimeout(failLoudly, closingTime).unref();
    }
  }
}

function line(results: Results): string {
  const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
  const skipped = results.numPendingTests + results.numTodoTests;
  return `${results.numPassedTests} passed, ${failed} failed, ${skipped} skipped`;
}

function failLoudly(): never {
  const open = process.getActiveResourcesInfo().filter((type) => !type.startsWith('TTY'));
  process.stderr.write(
    `\nFAILED: ${closingTime / 1000} s after the last test something is still open: ${counted(open)}.\n` +
      'A test left it behind; `pnpm jest --detectOpenHandles PATTERN` names the line that opened it.\n',
  );
  process.exit(1);
}
