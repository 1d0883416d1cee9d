import { type Fault, type FaultPlan, transientFaults } from '@reprise/sse/testing';

/**
 * Faults that clients recover from by themselves, and some after which their supervisor has to start
 * them again.
 */
export const plan: FaultPlan = (turn) =>
  turn.random() < 1 / 40
    ? { type: 'contentType', contentType: 'text/html' }
    : transientFaults(turn);

/**
 * What a stream recovers from: a fault, each status being one of its own; or that the child was
 * killed.
 */
export type Kind = Exclude<Fault['type'], 'status'> | `status ${number}` | 'kill';

export function kindOf(fault: Fault | undefined): Kind | undefined {
  return fault?.type === 'status' ? `status ${fault.status}` : fault?.type;
}
