import { type Clock, loggerOf, type Process, type TimeoutHandle } from '@reprise/actor';

/**
 * Knows which handler has not settled, and since when; reports one that takes very long, once. The
 * timer is not set anew for each event: when it fires, it looks how old the current one is.
 */
export class HandlerWatch {
  readonly #clock: Clock;
  readonly #report: (event: string, ms: number) => void;
  #event: string | undefined = undefined;
  #since = 0;
  #timer: TimeoutHandle | undefined = undefined;

  constructor(clock: Clock, report: (event: string, ms: number) => void) {
    this.#clock = clock;
    this.#report = report;
  }

  /** The type of the event, and since when its handler is awaited, in ms of the clock. */
  get pending(): { readonly event: string; readonly since: number } | undefined {
    return this.#event === undefined ? undefined : { event: this.#event, since: this.#since };
  }

  /** The handler of an event of this type has returned a promise. */
  begin(event: string): void {
    this.#event = event;
    this.#since = this.#clock.now();
    if (this.#timer === undefined) {
      this.#wait(longest);
    }
  }

  /** It has settled. */
  end(): void {
    this.#event = undefined;
  }

  stop(): void {
    this.end();
    if (this.#timer !== undefined) {
      this.#clock.clearTimeout(this.#timer);
    }
  }

  #wait(ms: number): void {
    this.#timer = this.#clock.setTimeout(this.#look, ms);
    this.#timer.unref?.();
  }

  readonly #look = (): void => {
    this.#timer = undefined;
    const age = this.#clock.now() - this.#since;
    if (this.#event !== undefined && age < longest) {
      this.#wait(longest - age);
    } else if (this.#event !== undefined) {
      this.#report(this.#event, age);
    }
  };
}

/** In ms. */
const longest = 300_000;

/** Warns of a handler that takes very long. */
export function watchOf(self: Process): HandlerWatch {
  return new HandlerWatch(self.system.clock, (event, ms) => {
    const pid = String(self.pid);
    loggerOf(self).warn(
      { event, ms },
      `${pid}: the handler of an event has not settled for ${ms} ms`,
    );
  });
}
