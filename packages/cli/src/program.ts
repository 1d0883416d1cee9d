import { openSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

import { Application, type ExitReason, type Logger, systemClock } from '@reprise/actor';
import type { CommandOptions } from '@reprise/simulation/command';

import type { Task } from './arguments.ts';
import type { ClusterTask } from './cluster/task.ts';
import { endOf, statusOfBroken } from './ends.ts';
import { RemoteOutput, tellParent } from './nodes/remote-output.ts';
import { optionsOfWorker, workerNumber } from './nodes/worker-role.ts';
import type { ObserverFlags, TailOptions } from './options/options.ts';
import { UsageError } from './options/usage.ts';
import { fileStream } from './output/file-stream.ts';
import { formatOf } from './output/format.ts';
import { lineReport, nameOf, type Output, plainOutput, type Report } from './output/output.ts';
import { watchReader } from './output/reader-watch.ts';
import { screenOutput } from './output/screen.ts';
import { Sink } from './output/sink.ts';
import { shortName } from './output/status-line.ts';
import { hiderOf } from './secrets.ts';
import { misuseOfSimulate } from './simulate/arguments.ts';
import { simulate } from './simulate/simulate.ts';
import type { Source } from './source.ts';
import { tailApplication } from './tail.ts';
import type { TopOptions } from './top/options.ts';

/** How long a reader that does not read may delay the end of the program, in ms. */
const flushTimeout = 500;

/** How long the clients and their connections may take to end, in ms. */
const deadline = 2000;

/** The same for nodes, which tell their store. */
const deadlineOfNodes = 6000;

/**
 * The output shows the end of each client as the end of its source, in one line; reports would
 * repeat that.
 */
const silent: Logger = { error: () => {}, warn: () => {} };

/** The program as the operating system sees it: streams and the exit status. */
export class Program {
  readonly #process: NodeJS.Process;
  readonly #stdout: Sink;
  readonly #stderr: Sink;
  /** Takes the events: stdout, or a file. */
  #events: Sink;
  /** Settles once the parent has been told why this worker ends. */
  #told: Promise<void> | undefined = undefined;

  constructor(process: NodeJS.Process) {
    this.#process = process;
    this.#stdout = new Sink(process.stdout);
    this.#stderr = new Sink(process.stderr);
    this.#events = this.#stdout;
  }

  /** Does the task and exits. */
  async run(task: Task): Promise<never> {
    switch (task.type) {
      case 'print':
        return this.#print(this.#stdout, task.text, 0);
      case 'misuse':
        return this.#print(this.#stderr, task.text, task.status);
      case 'simulate':
        return this.#simulate(task.options);
      case 'cluster':
        return this.#cluster(task.task);
      case 'top':
        return this.#top(task.options);
      case 'tail':
        return this.#tail(task.options);
      default:
        return task satisfies never;
    }
  }

  async #print(sink: Sink, text: string, status: number): Promise<never> {
    void sink.write(text);
    const broken = (await sink.flushed()) ? undefined : await sink.whenBroken;
    const failed = broken === undefined ? 0 : statusOfBroken(broken, this.#stderr);
    return this.#process.exit(status === 0 ? failed : status);
  }

  async #simulate(options: CommandOptions): Promise<never> {
    void this.#stdout.whenBroken.then(() => this.#process.exit(0));
    try {
      const status = await simulate(options, (text) => void this.#stdout.write(`${text}\n`));
      return await this.#print(this.#stdout, '', status);
    } catch (error) {
      if (error instanceof UsageError) {
        return this.#print(this.#stderr, `${error.message}\n`, misuseOfSimulate);
      }
      throw error;
    }
  }

  async #cluster(task: ClusterTask): Promise<never> {
    const { runCluster } = await import('./cluster/run.ts');
    const { text, status } = await runCluster(task);
    return this.#print(status === 0 ? this.#stdout : this.#stderr, text, status);
  }

  async #top(options: TopOptions): Promise<never> {
    void this.#stdout.whenBroken.then(() => this.#process.exit(0));
    watchReader(1, () => this.#process.exit(0));
    const { runTop } = await import('./top/run.ts');
    const isForScreen = this.#canDraw && this.#process.env['NO_COLOR'] === undefined;
    const { status, text } = await runTop(options, this.#process, this.#stdout, isForScreen);
    return this.#print(this.#stderr, text, status);
  }

  async #tail(given: TailOptions): Promise<never> {
    const worker = workerNumber(this.#process);
    const options = worker === undefined ? given : optionsOfWorker(given, worker);
    const outputFd = this.#openOutputFile(options);
    if (outputFd === undefined) {
      return this.#process.exit(1);
    }
    let status: number | undefined;
    const stop = (decided: number, text?: string): void => {
      if (status === undefined && text !== undefined) {
        void this.#stderr.write(`${text}\n`);
      }
      status ??= decided;
      service.stop();
    };
    const tail = tailApplication(options, {
      openOutput: (sources) => this.#outputFor(sources, options),
      closeOutput: (output) => this.#closeOutput(output, options),
      stop: worker === undefined ? stop : this.#tellOver,
      outputFd,
      observer: this.#observerFor(options),
    });
    const service = Application.run(tail, {
      deadline: options.node === undefined ? deadline : deadlineOfNodes,
      logger: this.#loggerFor(options),
      exitStatus: (...end) => status ?? this.#statusOfEnd(...end),
    });
    if (!this.#isWorker) {
      this.#watchOutput(outputFd, stop);
    }
    this.#onParentDeath(() => {
      service.stop();
    });
    await service.system.whenExited;
    await Promise.race([Promise.all([this.#stderr.flushed(), this.#told]), delay(flushTimeout)]);
    // At once: a text that stdout has not taken by now counts as not printed, and must not be.
    return this.#process.exit();
  }

  /** A worker does not end by itself: its parent would start another one. */
  readonly #tellOver = (status: 0 | 1 | 3, text?: string): void => {
    this.#told = tellParent(this.#process, { type: 'over', status, text });
  };

  /** All workers may be refused for one reason, so their parent says it. */
  #statusOfEnd(reason: ExitReason, usual: number, cause: ExitReason): number {
    const { status, text } = endOf(reason, usual, cause);
    if (this.#isWorker && status === 3) {
      this.#tellOver(status, text);
    } else if (text !== undefined) {
      void this.#stderr.write(`${text}\n`);
    }
    return status;
  }

  /** Its URL has a token, which belongs into no log: without a terminal there is none. */
  #observerFor({ observer }: TailOptions): ObserverFlags | undefined {
    const { stdout, stderr } = this.#process;
    const isForPerson =
      !this.#isWorker && stderr.isTTY && (observer?.isAsked === true || stdout.isTTY);
    return isForPerson ? observer : undefined;
  }

  #watchOutput(fd: number, stop: (status: number) => void): void {
    void this.#events.whenBroken.then((error) => {
      stop(statusOfBroken(error, this.#stderr));
    });
    watchReader(fd, () => {
      stop(0);
    });
  }

  get #isWorker(): boolean {
    return workerNumber(this.#process) !== undefined;
  }

  /** A node tells of its store and of other nodes in warnings, which nothing else shows. */
  #loggerFor({ node, quiet }: TailOptions): Logger {
    const warn: Logger['warn'] = (_details, message) => {
      void this.#stderr.write(`${message}\n`);
    };
    return node === undefined || quiet ? silent : { ...silent, warn };
  }

  /** The file descriptor of the output; `undefined`, and reported, if it cannot be opened. */
  #openOutputFile({ output }: TailOptions): number | undefined {
    if (output === undefined || this.#isWorker) {
      return 1;
    }
    try {
      const fd = openSync(output, 'a');
      this.#events = new Sink(fileStream(fd));
      return fd;
    } catch (error) {
      void this.#stderr.write(
        `Expected --output to name a file that can be written, got ${JSON.stringify(output)} (${(error as Error).message})\n`,
      );
      return undefined;
    }
  }

  #outputFor(sources: readonly Source[], options: TailOptions): Output {
    if (this.#isWorker) {
      return new RemoteOutput(this.#process, sources);
    }
    const several = sources.length > 1;
    const report = this.#reportFor(options, several);
    return this.#isForScreen(options)
      ? this.#screen(sources, options, report)
      : this.#plain(several, options, report);
  }

  #reportFor({ quiet, urls, client }: TailOptions, several: boolean): Report {
    return quiet ? () => {} : lineReport(this.#stderr, several, hiderOf(urls, client));
  }

  #isForScreen({ format, exec, output }: TailOptions): boolean {
    const isForPrograms = format.type === 'json' || exec !== undefined || output !== undefined;
    return !isForPrograms && this.#canDraw;
  }

  #plain(several: boolean, { format, output }: TailOptions, report: Report): Output {
    const isTerminal = this.#process.stdout.isTTY && output === undefined;
    const nameIn = (source: Source): string => nameOf(source, several);
    const sinks = { stdout: this.#events, stderr: this.#stderr };
    return plainOutput(formatOf(format, { nameOf: nameIn, isTerminal }), sinks, report);
  }

  #screen(sources: readonly Source[], { format }: TailOptions, report: Report): Output {
    const { stdout: terminal } = this.#process;
    const nameIn = (source: Source): string =>
      sources.length > 1 ? `${shortName(source, terminal.columns)} ` : '';
    const screen = screenOutput(sources, {
      terminal,
      stdout: this.#stdout,
      stderr: this.#stderr,
      format: formatOf(format, { nameOf: nameIn, isTerminal: true }),
      report,
      clock: systemClock(),
    });
    // Also after a second signal, which ends the program at once.
    this.#process.once('exit', () => {
      screen.close();
    });
    return screen;
  }

  /**
   * Not on a dumb terminal, nor on one without a size: some programs give such a terminal to the
   * programs that they run.
   */
  get #canDraw(): boolean {
    const { stdout, env } = this.#process;
    return stdout.isTTY && env['TERM'] !== 'dumb' && stdout.columns > 0 && stdout.rows > 0;
  }

  /**
   * Clients wait for stdout to take each event, thus only after a signal is there something left to
   * write. With a cursor it is dropped: it does not count as printed, and the next run prints it.
   */
  async #closeOutput(output: Output, { cursor, node }: TailOptions): Promise<void> {
    output.close();
    if (cursor === undefined && node === undefined) {
      await Promise.race([this.#events.flushed(), delay(flushTimeout)]);
    }
  }

  /** The parent is there only where this is the child process of a tail without repeats. */
  #onParentDeath(callback: () => void): void {
    this.#process.once('disconnect', callback);
    // It may have died before this listener was there.
    // oxlint-disable-next-line typescript/no-unnecessary-boolean-literal-compare -- `undefined` without a parent, whatever the types say
    if (this.#process.connected === false) {
      callback();
    }
  }
}
