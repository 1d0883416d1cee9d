/** The options of `workers.ts`, and of each of its workers. */
export interface WorkersProgram {
  /** Where the nodes meet, and where the effects are. */
  readonly file: string;
  /** The URL of the source. */
  readonly source: string;
  readonly streams: readonly string[];
  readonly count: number;
  readonly maxRestarts: number;
  /** How long a worker may take to end, in ms. */
  readonly shutdown: number;
  /** Whether the workers are below another supervisor, and not the whole tree. */
  readonly isBelow: boolean;
  /** What is wrong with the second worker: it ignores SIGTERM, or ends at its start. */
  readonly fault?: 'deaf' | 'stillborn';
}
