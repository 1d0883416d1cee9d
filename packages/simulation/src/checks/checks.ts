import type { System } from '@reprise/actor';
import { brokenRules } from '@reprise/actor/testing';

import type { Engine } from '../engine/engine.ts';
import { assertNode } from '../node/assert-node.ts';
import type { SimulatedNode } from '../node/node.ts';

/** Checks that any program can use. */
export class Checks {
  readonly #engine: Engine;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /**
   * From now on, after each step, `node.system` keeps the rules of the runtime: no name of a
   * process that has ended, no server with messages that has no turn, no link or monitor of one
   * side, no caller that waits for a process that has ended, no child that outlives its supervisor.
   * @throws TypeError unless `node` is a node of the simulation
   * @see `brokenRules` of `@reprise/actor/testing`
   */
  system(node: SimulatedNode): void {
    assertNode(node);
    let checked: System | undefined;
    let broken = (): readonly string[] => [];
    this.#engine.checks.add(() => {
      const { systemIfAny } = node;
      if (systemIfAny !== undefined && systemIfAny !== checked) {
        checked = systemIfAny;
        broken = brokenRules(checked);
      }
      if (systemIfAny !== undefined) {
        assertNone(node.name, broken());
      }
    });
  }
}

function assertNone(node: string, broken: readonly string[]): void {
  if (broken.length > 0) {
    throw new Error(
      `Expected the processes of ${node} to keep the rules, got: ${broken.join('; ')}`,
    );
  }
}
