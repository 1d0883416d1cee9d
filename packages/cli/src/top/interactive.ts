import type { System } from '@reprise/actor';
import type { CrashGroup, ProcessPage } from '@reprise/observer/wire';

import { frameOf } from './frame.ts';
import { type Key, press } from './keys.ts';
import { linesOf } from './list.ts';
import { follow } from './live.ts';
import { Model } from './model.ts';
import { ask } from './observer.ts';
import type { TopOptions } from './options.ts';
import { Screen, type ScreenProcess } from './screen.ts';
import { colours, crashesOf, overviewOf, showRows } from './top.ts';
import { firstView, type View } from './view.ts';

/** How many lines of a frame are not of the list, about. */
const linesAround = 9;

/**
 * Shows a program on the whole terminal, until a key or a signal ends it, or the observer refuses.
 * @throws (rejects) UnreachableError
 */
export async function showTop(options: TopOptions, process: ScreenProcess): Promise<void> {
  await overviewOf(options);
  await new Interactive(options, process).run();
}

class Interactive {
  readonly #options: TopOptions;
  readonly #process: ScreenProcess;
  readonly #screen: Screen;
  readonly #model = new Model();
  readonly #ended = Promise.withResolvers<void>();
  #view: View;
  #crashes: readonly CrashGroup[] = [];
  #crashCount = -1;
  /** The rows that the observer tells numbers of. */
  #window = '';
  /** Holds the stream while the person has paused. */
  #pause: PromiseWithResolvers<void> | undefined = undefined;

  constructor(options: TopOptions, process: ScreenProcess) {
    this.#options = options;
    this.#process = process;
    this.#view = { ...firstView, view: options.view };
    this.#screen = new Screen(process, {
      key: (key) => {
        this.#press(key);
      },
      redraw: () => {
        this.#draw();
      },
    });
  }

  async run(): Promise<void> {
    const stop = (): void => {
      this.#ended.resolve();
    };
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
    signals.forEach((signal) => this.#process.on(signal, stop));
    this.#screen.open();
    let system: System | undefined;
    try {
      system = await this.#follow();
      await this.#ended.promise;
    } finally {
      this.#screen.close();
      this.#pause?.resolve();
      signals.forEach((signal) => this.#process.off(signal, stop));
      await system?.stop();
    }
  }

  #follow(): Promise<System> {
    return follow(this.#options, {
      event: (type, data) => this.#told(type, data),
      lost: () => {
        this.#model.isLive = false;
        this.#draw();
      },
      refused: (error) => {
        this.#ended.reject(error);
      },
    });
  }

  /**
   * During a pause nothing is read, so nothing is kept here: the observer tells a reader that is
   * behind everything anew.
   */
  #told(type: string, data: string): void | Promise<void> {
    if (this.#pause !== undefined) {
      return this.#pause.promise.then(() => this.#told(type, data));
    }
    if (type === 'hello') {
      this.#window = '';
    }
    this.#model.apply(type, data);
    // The last event of each look.
    if (type === 'rows') {
      this.#draw();
      void this.#readCrashes();
    }
  }

  async #readCrashes(): Promise<void> {
    const { crashes = 0 } = this.#model.vitals ?? {};
    if (crashes !== this.#crashCount) {
      this.#crashCount = crashes;
      this.#crashes = await crashesOf(this.#options).catch(() => this.#crashes);
      this.#draw();
    }
  }

  #press(key: Key): void {
    const command = press(key, this.#model, this.#view, this.#room);
    switch (command.type) {
      case 'quit':
        this.#ended.resolve();
        break;
      case 'suspend':
        this.#screen.suspend();
        break;
      case 'open':
        void this.#openPage(command.row);
        break;
      case 'view':
        this.#view = command.view;
        this.#hold();
        this.#draw();
        break;
      default:
        command satisfies never;
    }
  }

  #hold(): void {
    if (this.#view.isPaused) {
      this.#pause ??= Promise.withResolvers();
    } else {
      this.#pause?.resolve();
      this.#pause = undefined;
    }
  }

  async #openPage(row: number): Promise<void> {
    const pid = this.#model.get(row)?.pid;
    if (pid === undefined) {
      return;
    }
    const page = await ask(this.#options, `api/process/${pid}`).catch(() => undefined);
    if (page !== undefined) {
      this.#view = { ...this.#view, page: page as ProcessPage };
      this.#draw();
    }
  }

  get #room(): number {
    return Math.max(1, this.#screen.size.rows - linesAround);
  }

  #draw(): void {
    this.#screen.draw(
      frameOf({
        model: this.#model,
        view: this.#view,
        crashes: this.#crashes,
        size: this.#screen.size,
        paint: colours,
      }),
    );
    this.#tellWindow();
  }

  /** The rows that are seen, and some around them. */
  #tellWindow(): void {
    const from = Math.max(0, this.#view.top - this.#room);
    const lines = linesOf(this.#model, this.#view).slice(from, from + 3 * this.#room);
    const rows = lines.flatMap((line) => (line.type === 'row' ? [line.row.row] : []));
    const window = rows.join(' ');
    if (this.#view.order === 'tree' && window !== this.#window) {
      this.#window = window;
      void showRows(this.#options, this.#model, rows);
    }
  }
}
