import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/** How long the child may take to stop, in ms. */
const stopTime = 60_000;

const mutating = new URL('mutate.ts', import.meta.url).href;

/** The process that follows the streams, one life after the other. */
export class Child {
  /** How often it was killed. */
  kills = 0;
  /** How often it ended by itself. */
  crashes = 0;
  readonly #args: readonly string[];
  readonly #mutant: string | undefined;
  readonly #onRestart: () => void;
  #lives = 0;
  #process: ChildProcess;

  /**
   * `args` are the arguments of the process; the number of its life is added to them. `onRestart`
   * is called between two lives.
   */
  constructor(args: readonly string[], mutant: string | undefined, onRestart: () => void) {
    this.#args = args;
    this.#mutant = mutant;
    this.#onRestart = onRestart;
    this.#process = this.#start();
  }

  /** Kills it with -9, and starts it again. */
  async kill(): Promise<void> {
    this.kills += 1;
    const exited = this.#exit();
    this.#process.kill('SIGKILL');
    await exited;
    this.#onRestart();
    this.#process = this.#start();
  }

  /** Stops it as a terminal or a debugger does, for so many ms. */
  async pause(ms: number): Promise<void> {
    const paused = this.#process;
    paused.kill('SIGSTOP');
    await delay(ms);
    paused.kill('SIGCONT');
  }

  /** Stops it in order, or kills it after `stopTime`. */
  async stop(): Promise<void> {
    const exited = this.#exit();
    this.#process.stdin?.end();
    const deadline = setTimeout(() => this.#process.kill('SIGKILL'), stopTime);
    await exited;
    clearTimeout(deadline);
  }

  #start(): ChildProcess {
    this.#lives += 1;
    const child = spawn(
      process.execPath,
      [
        ...process.execArgv,
        '--expose-gc',
        ...(this.#mutant === undefined ? [] : ['--import', mutating]),
        fileURLToPath(new URL('consumer.ts', import.meta.url)),
        ...this.#args,
        `${this.#lives}`,
      ],
      // Its own process group: the interrupt key of the terminal does not reach it. It ends when
      // its stdin closes, at the latest with this process.
      {
        stdio: ['pipe', 'ignore', 'inherit'],
        detached: true,
        env: { ...process.env, SOAK_MUTANT: this.#mutant },
      },
    );
    child.once('exit', this.#onCrash);
    return child;
  }

  readonly #onCrash = (): void => {
    this.crashes += 1;
    this.#onRestart();
    this.#process = this.#start();
  };

  /** Resolves with its next end, which does not count as a crash. */
  #exit(): Promise<unknown> {
    this.#process.off('exit', this.#onCrash);
    return once(this.#process, 'exit');
  }
}
