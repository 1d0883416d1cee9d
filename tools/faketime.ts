// Finds the library that gives a program another wall clock. As root on Debian, as in CI, it
// installs a missing one. Elsewhere the tests are skipped with a banner; if `CI` is set, a missing
// library is an error.
import { globSync, writeFileSync } from 'node:fs';

import { complain, install } from './apt.ts';

const pattern = '/usr/lib/*/faketime/libfaketime.so.1';

/**
 * The path of the library; `undefined`, with a banner, if there is none.
 * @throws Error if there is none and `CI` is set.
 */
export function faketimeLibrary(): string | undefined {
  if (globSync(pattern).length === 0) {
    install('faketime', 'faketime');
  }
  const [found] = globSync(pattern);
  if (found === undefined) {
    complain('NO TEST OF STEPPED CLOCKS WAS RUN: faketime is not here (install it)');
  }
  return found;
}

/** A wall clock that steps while programs run. Their monotonic clocks are those of the machine. */
export class SteppedClock {
  /** The variables that a program needs in its environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly #file: string;

  /** `file` is to be made. */
  constructor(library: string, file: string) {
    this.#file = file;
    this.step('+0');
    this.env = {
      LD_PRELOAD: library,
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    };
  }

  /** Steps it away from the right time, such as `+1h` or `-10s`. */
  step(offset: string): void {
    writeFileSync(this.#file, offset, { mode: 0o644 });
  }
}
