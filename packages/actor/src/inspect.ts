export { explain, type ExplainedMessage, type Explanation } from './inspect/explain.ts';
export { expose, exposed, type Facet, facetOf } from './inspect/expose.ts';
export { inHand, type InHand } from './inspect/in-hand.ts';
export { type Sample, sample, statuses } from './inspect/sample.ts';
export { shown, type ShownReason, shownReason, shownState, shownText } from './inspect/shown.ts';
export {
  type LastEnd,
  type RestartWait,
  type SupervisedChild,
  supervisorInfo,
  type SupervisorInfo,
} from './inspect/supervisor-info.ts';
export { isWatched, note, watch } from './inspect/watch.ts';
export type { Witness } from './process/witness.ts';
