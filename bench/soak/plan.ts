import { type Fault, type FaultPlan, transientFaults } from '@reprise/sse/testing';

/**
 * Faults that clients recover from by themselves, and some after which their supervisor has to
 * start them again.
 */
export const plan: FaultPlan = (turn) =>
  turn.random() < 1 / 40
    ? { type: 'contentType', contentType: 'text/html' }
    : transientFaults(turn);

/**
 * The kind of a disturbance: a fault, where each status is a kind of its own, or a kill of the
 * child.
 */
export type Kind = Exclude<Fault['type'], 'status'> | `status ${number}` | 'kill';

export function kindOf(fault: Fault | undefined): Kind | undefined {
  return fault?.type === 'status' ? `status ${fault.status}` : fault?.type;
}
