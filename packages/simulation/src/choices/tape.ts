/**
 * All draws of one run, by the name of their stream. 0 is always the tame choice: the first in
 * line, no fault, no delay. A draw past the end of a stream is 0.
 */
export type Tape = Readonly<Record<string, readonly number[]>>;
