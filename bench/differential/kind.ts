import type { Arbitrary } from 'fast-check';

import type { Term } from './term.ts';
import type { Trace } from './trace.ts';

/** A kind of programs, such as those of supervisors. */
export interface Kind<Program extends Term = Term> {
  /** The module of the interpreter in Erlang. */
  readonly name: 'processes' | 'supervisors' | 'servers';
  readonly programs: Arbitrary<Program>;
  /** The interpreter here. */
  run(program: Program): Promise<Trace>;
}
