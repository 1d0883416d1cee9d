import { spawn } from '@reprise/actor';
import { defineModel } from '@reprise/simulation';

import { Scene } from './support/supervisors/scene.ts';

/**
 * Random trees of supervisors of all kinds, whose children end, are killed, fail to start, forge
 * exit signals, and are started and ended by requests. Each start and each end is judged by the
 * rules of OTP.
 */
export default defineModel({
  name: 'supervisors',
  program: async (sim) => {
    let scene: Scene | undefined;
    sim.node('node', ({ system }) => {
      const made = new Scene(sim, system);
      scene = made;
      sim.always(made.rules.check);
      spawn(system, (self) => made.drive(self));
    });
    await sim.run({ until: () => scene?.isOver === true });
  },
  mutants: {
    'a group is started again before its members have ended': {
      file: 'actor/src/supervisor/state.ts',
      from: 'const group = this.restartGroupOf(child);\n    await this.#shutdownSiblings(child);',
      to: 'const group = this.restartGroupOf(child);\n    void this.#shutdownSiblings(child);',
      within: 200,
    },
    'a name is freed two microtasks late': {
      file: 'actor/src/process/cell.ts',
      from: 'this.runtime.names.delete(this.name);',
      to: `const { name } = this;
      queueMicrotask(() => queueMicrotask(() => this.runtime.names.delete(name)));`,
      within: 300,
    },
    'one restart more than allowed': {
      file: 'actor/src/supervisor/intensity.ts',
      from: 'restarts.length <= maxRestarts;',
      to: 'restarts.length <= maxRestarts + 1;',
      within: 100,
    },
    'an outdated retry is obeyed': {
      file: 'actor/src/supervisor/state.ts',
      from: "if (child.pid !== 'restarting' || child.retry !== retry) {",
      to: "if (child.pid !== 'restarting') {",
      within: 40_000,
    },
    'an EXIT of a living child counts as its end': {
      file: 'actor/src/supervisor/state.ts',
      from: 'const reason = child && cellOf(pid).reason;',
      to: 'const reason = child && (cellOf(pid).reason ?? restarting);',
      within: 100,
    },
    'a dead supervisor goes on starting children': {
      file: 'actor/src/supervisor/child-runner.ts',
      from: 'return this.#cell.isAlive ? this.#launch(spec) : never();',
      to: 'return this.#launch(spec);',
      within: 1000,
    },
    'a forged exit signal stands for the end': {
      file: 'actor/src/supervisor/state.ts',
      from: 'return this.#ended(message.pid);',
      to: `const cell = cellOf(message.pid);
      if (cell.reason !== undefined) cell.reason = message.reason;
      return this.#ended(message.pid);`,
      within: 20_000,
    },
    'children are shut down from the first to the last': {
      file: 'actor/src/supervisor/state.ts',
      from: 'for (const child of children.toReversed()) {',
      to: 'for (const child of children) {',
      within: 100,
    },
    'a delay is half of what it should be': {
      file: 'actor/src/backoff.ts',
      from: '(0.5 + random() / 2)',
      to: '(0.25 + random() / 2)',
      within: 300,
    },
    'a child that was terminated is started again': {
      file: 'actor/src/supervisor/state.ts',
      from: 'this.children.setPid(child, undefined);\n      child.wait = undefined;',
      to: "if (child.pid !== 'restarting') this.children.setPid(child, undefined);",
      within: 1000,
    },
    'a child is not killed when its time is over': {
      file: 'actor/src/supervisor/shutdown.ts',
      from: 'child.receiveExit(supervisor, kill, true);\n    });',
      to: '});',
      within: 1000,
    },
    'a restart is not tried again': {
      file: 'actor/src/supervisor/state.ts',
      from: 'child.retry = retry;\n    send(',
      to: 'child.retry = retry;\n    void (',
      within: 1000,
    },
    'a transient child is restarted after a normal end': {
      file: 'actor/src/supervisor/rules.ts',
      from: "transient: { orderly: 'none', abnormal: 'restart' },",
      to: "transient: { orderly: 'restart', abnormal: 'restart' },",
      within: 200,
    },
    'children of a supervisor that is killed are not told': {
      file: 'actor/src/process/linkable.ts',
      from: 'other.removeLink(this);\n      other.receiveExit(this, reason);',
      to: 'other.removeLink(this);\n      if (other.trapExit) other.receiveExit(this, reason);',
      within: 200,
    },
    'a supervisor outlives its significant child': {
      file: 'actor/src/supervisor/rules.ts',
      from: "case 'anySignificant':\n      return child.spec.significant;",
      to: "case 'anySignificant':\n      return false;",
      within: 1000,
    },
    'the children after one that ended are left as they are': {
      file: 'actor/src/supervisor/children.ts',
      from: 'return all.slice(all.indexOf(child));',
      to: 'return all.slice(all.indexOf(child), all.indexOf(child) + 1);',
      within: 300,
    },
    'a dynamic supervisor forgets a child that is restarted': {
      file: 'actor/src/supervisor/dynamic/children.ts',
      from: 'child.lastPid = pid;\n      this.#byLastPid.set(pid, child);',
      to: 'child.lastPid = pid;\n      if (!isKnown) this.#byLastPid.set(pid, child);',
      within: 1000,
    },
    'a partition that a resize has ended is started again': {
      file: 'actor/src/supervisor/partition/state.ts',
      from: 'await this.terminateChild(String(partition));',
      to: 'const gone = this.children.get(String(partition));\n      await this.terminateChild(String(partition));\n      if (gone) await this.launch(gone);',
      within: 1000,
    },
  },
});
