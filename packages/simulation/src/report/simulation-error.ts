import { formatReport, type Report } from './report.ts';

/** How many of the last steps the message of an error shows. */
const shownSteps = 50;

/**
 * A simulation failed. The message is a page: the error, its seed and its tape, and the last steps
 * of the smallest run found that fails in the same way. `report` is the same as data.
 */
export class SimulationError extends Error {
  static {
    this.prototype.name = 'SimulationError';
  }

  /** Not a property of its own: Node prints those of an error, and this is long. */
  readonly #report: Report;

  /** `replay`: the command or call that runs it again. */
  constructor(report: Report, replay: string, options?: ErrorOptions) {
    super(formatReport(report, { replay, steps: shownSteps }), options);
    this.#report = report;
  }

  get report(): Report {
    return this.#report;
  }

  toJSON(): Report {
    return this.#report;
  }
}
