import { assertThat } from '../arguments/assert.ts';
import { SimulatedNode } from './node.ts';

/** @throws TypeError unless `value` is a node of a simulation */
export function assertNode(value: unknown): void {
  assertThat(value instanceof SimulatedNode, 'Expected a node that `sim.node` has made', value);
}
