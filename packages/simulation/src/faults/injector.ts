import type { Draws } from '../choices/choices.ts';
import type { Engine } from '../engine/engine.ts';
import type { SimulatedNode } from '../node/node.ts';

/** A fault is this many times rarer at a step than at a call: there are many more steps. */
const stepsPerCall = 10;

/**
 * From now on nodes have faults at any step, as the run has them: crashes, pauses, clocks that are
 * set. The list of nodes may grow.
 */
export function injectFaults(engine: Engine, nodes: readonly SimulatedNode[]): void {
  const { crash, pause, clock } = engine.rates;
  if (crash + pause + clock > 0) {
    const injector = new Injector(engine, nodes);
    engine.inject = () => {
      injector.inject();
    };
  }
}

class Injector {
  readonly #engine: Engine;
  readonly #nodes: readonly SimulatedNode[];
  readonly #draws: Draws;

  constructor(engine: Engine, nodes: readonly SimulatedNode[]) {
    this.#engine = engine;
    this.#nodes = nodes;
    this.#draws = engine.choices.stream('faults');
  }

  inject(): void {
    const { crash, pause, clock } = this.#engine.rates;
    if (this.#draws.chance((crash + pause + clock) / stepsPerCall)) {
      const node = this.#nodes[this.#draws.below(this.#nodes.length)];
      if (node?.isUp === true) {
        this.#hit(node);
      }
    }
  }

  #hit(node: SimulatedNode): void {
    const { crash, pause, clock } = this.#engine.rates;
    const kinds = [
      ...(crash > 0 ? ['crash' as const] : []),
      ...(pause > 0 ? ['pause' as const] : []),
      ...(clock > 0 ? ['clock' as const] : []),
    ];
    switch (kinds[this.#draws.below(kinds.length)]) {
      case 'crash':
        node.crashForAWhile();
        return;
      case 'pause':
        node.pause(this.#draws.between(1, longestPause));
        return;
      default:
        node.skew({
          ahead: this.#draws.between(-mostAhead, mostAhead),
          drift: this.#draws.between(-100, 100) / 10_000,
        });
    }
  }
}

/** In ms. */
const longestPause = 20_000;
/** Of a wall clock that is set, in ms. */
const mostAhead = 3_600_000;
