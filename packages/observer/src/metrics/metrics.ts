import type { System } from '@reprise/actor';

import { look } from '../look/look.ts';
import { recordedOf } from '../recording/record.ts';
import { families } from './families.ts';
import { type Metric, metric } from './metric.ts';
import { processMetrics } from './process-metrics.ts';
import { streamMetrics } from './stream-metrics.ts';

/**
 * The numbers of a system, as plain values: of its processes, its supervisors and its streams.
 * Counters belong to the child: they go on when its process is started again, and never fall. They
 * count from the first call for the system, or from `record`.
 *
 * Of processes, supervisors and streams the first 100 of each have numbers of their own; all others
 * are summed as `other`. Nothing is counted for an event: the numbers are read when asked for.
 * @throws TypeError for anything but a system
 * @example
 * ```ts
 * import { Agent, childSpec, Supervisor } from '@reprise/actor';
 * import { createTestSystem } from '@reprise/actor/testing';
 * import { metrics } from '@reprise/observer/metrics';
 *
 * const system = createTestSystem();
 * metrics(system);
 * const app = await Supervisor.startLink(system, {
 *   strategy: 'oneForOne',
 *   name: 'app',
 *   children: [childSpec((parent) => Agent.startLink(parent, () => 0), { id: 'counter' })],
 * });
 * await Agent.update(Supervisor.child(app, 'counter'), (count) => count + 1);
 * for (const { name, attributes, value } of metrics(system)) {
 *   if (name === 'reprise.process.messages' && attributes['process'] === 'app / counter') {
 *     console.log(value); // 1
 *   }
 * }
 * await system.stop();
 * ```
 */
export function metrics(system: System): readonly Metric[] {
  const recorded = recordedOf(system).hold();
  const seen = look(system);
  return [
    metric(families.processes, seen.processes),
    metric(families.messages, seen.messages),
    metric(families.longest, seen.longest?.messages ?? 0),
    ...processMetrics(system, recorded),
    ...streamMetrics(system, recorded, seen),
  ];
}
