import {
  DynamicSupervisor,
  exit,
  type ExitReason,
  kill,
  normal,
  PartitionSupervisor,
  type Pid,
  type Process,
  send,
  shutdownWith,
  Supervisor,
} from '@reprise/actor';

import type { Child, Family } from './family.ts';
import type { Stage } from './stage.ts';
import type { Order } from './worker.ts';

type Act = (stage: Stage, self: Process, family: Family, child: Child) => void;

/** An abnormal end without a report: a report is slow. */
const failed: ExitReason = { type: 'timeout' };
const reasons: readonly ExitReason[] = [failed, failed, normal, shutdownWith('of its own')];

/** The acts of the driver on a child that it has picked. */
export const acts: Readonly<Record<string, Act>> = {
  end: ({ sim }, _self, _family, child) => {
    tell(child, { type: 'end', reason: sim.pick(reasons) });
  },
  signal: ({ sim }, self, _family, { last }) => {
    if (last !== undefined) {
      exit(self, last.pid, sim.pick([kill, failed]));
    }
  },
  killSupervisor: (_stage, self, family) => {
    exit(self, family.pid, kill);
  },
  forge: ({ sim }, _self, _family, child) => {
    tell(child, { type: 'forge', reason: sim.pick(reasons) });
  },
  fail: ({ sim, failures }, _self, _family, child) => {
    const count = 1 + sim.below(3);
    failures.set(
      child.id,
      Array.from({ length: count }, () => failed),
    );
    tell(child, { type: 'end', reason: failed });
  },
  terminate: (stage, _self, family, child) => {
    if (family.plan.kind === 'static' && child.requests === 0) {
      family.isTouched = family.isGroup;
      stage.ask('terminateChild', child, Supervisor.terminateChild(asStatic(family), child.id));
    } else if (family.plan.kind === 'dynamic' && child.last !== undefined && child.requests === 0) {
      const { pid } = child.last;
      stage.ask('terminateChild', child, DynamicSupervisor.terminateChild(asDynamic(family), pid));
    }
  },
  restart: (stage, _self, family, child) => {
    if (family.plan.kind === 'static' && child.requests === 0) {
      stage.ask('restartChild', child, Supervisor.restartChild(asStatic(family), child.id));
    }
  },
  delete: (stage, _self, family, child) => {
    if (family.plan.kind === 'static' && child.requests === 0) {
      stage.ask('deleteChild', child, deleted(family, child));
    }
  },
  start: (stage, _self, family) => {
    if (family.plan.kind === 'static' && family.children.size < 5) {
      const spec = stage.specOf(stage.planner.worker(family.plan), family.plan);
      stage.ask('startChild', undefined, Supervisor.startChild(asStatic(family), spec));
    }
  },
  startBelow: (stage, _self, _family, { plan, last, isRunning }) => {
    if (plan.type === 'supervisor' && plan.kind === 'dynamic' && isRunning) {
      const spec = stage.specOf(stage.planner.worker(plan), plan);
      const supervisor = last?.pid as DynamicSupervisor.Pid;
      stage.ask('startChild', undefined, DynamicSupervisor.startChild(supervisor, spec));
    }
  },
  resize: (stage, _self, _family, { plan, last, isRunning }) => {
    if (plan.type === 'supervisor' && plan.kind === 'partition' && isRunning) {
      resize(stage, last?.pid as PartitionSupervisor.Pid, stage.sim.below(3));
    }
  },
  count: (stage, _self, family, child) => {
    if (family.plan.kind === 'static') {
      stage.ask('whichChild', undefined, Supervisor.whichChild(asStatic(family), child.id));
    }
  },
};

function tell({ plan, last }: Child, order: Order): void {
  if (plan.type === 'worker' && last !== undefined) {
    send(last.pid as Pid<Order>, order);
  }
}

async function deleted(family: Family, child: Child): Promise<void> {
  const answer = await Supervisor.deleteChild(asStatic(family), child.id);
  if (answer === 'ok') {
    family.children.delete(child.id);
  }
}

/** All partitions are ended or started by it. */
function resize(stage: Stage, supervisor: PartitionSupervisor.Pid, size: number): void {
  const children = [...(stage.rules.families.get(supervisor)?.children.values() ?? [])];
  const answer = PartitionSupervisor.resize(supervisor, size);
  for (const [at, child] of children.entries()) {
    child.requests += 1;
    answer.then(
      () => {
        child.requests -= 1;
        child.isStopped = at >= size;
      },
      // The partitions up to the one that did not start are in use.
      () => {
        child.requests -= 1;
        child.isStopped = !child.isRunning;
      },
    );
  }
  stage.ask('resize', undefined, answer);
}

const asStatic = ({ pid }: Family): Supervisor.Pid => pid as Supervisor.Pid;
const asDynamic = ({ pid }: Family): DynamicSupervisor.Pid => pid as DynamicSupervisor.Pid;
