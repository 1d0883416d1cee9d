import { type Failure, signatureOf } from '../run/failure.ts';
import { statusOf, statuses, type Status } from './status.ts';

/** More kinds of failures of one model say nothing new. */
const mostKinds = 10;

/** The kinds of failures of one model. */
export class Findings {
  readonly #signatures: Set<string> = new Set();
  status: Status = statuses.ok;

  /** Whether it is the first of its kind. */
  add(failure: Failure): boolean {
    const signature = signatureOf(failure);
    const isFirst = !this.#signatures.has(signature);
    this.#signatures.add(signature);
    this.note(statusOf(failure.kind));
    return isFirst;
  }

  /** A violation counts more than an escape, and that more than a divergence. */
  note(status: Status): void {
    this.status = worseOf(this.status, status);
  }

  get isFull(): boolean {
    return this.#signatures.size >= mostKinds;
  }
}

/** The status of a command of which one part ended with each. */
export function worseOf(a: Status, b: Status): Status {
  return a === 0 || b === 0 ? (Math.max(a, b) as Status) : (Math.min(a, b) as Status);
}
