import type { Report } from '../report/report.ts';
import type { Failure } from '../run/failure.ts';
import type { Model } from '../run/model.ts';
import { runAlone } from '../run/search.ts';
import { shrink, shrinkLimits } from './shrink.ts';

/** A failure of a model, made as small as possible. */
export async function reportOf(model: Model, found: Failure): Promise<Report> {
  const run = (tape: Failure['tape'], keep: number) => runAlone(model, { tape }, keep);
  // A run that differs each time has no smaller form.
  const { failure, before, runs } =
    found.kind === 'divergence'
      ? { failure: found, before: found.draws, runs: 0 }
      : await shrink(run, found, shrinkLimits);
  return { model: model.name, failure, found: before, runs };
}
