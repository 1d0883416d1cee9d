import type { Kind } from './plan.ts';

interface Fault {
  readonly type: Kind;
  /** The time of the last event of its connection, or of the request if there was none. */
  since: number;
}

/** The faults that a stream is recovering from. */
interface Course {
  /** The first fault, and those that followed before an event came again. */
  readonly faults: Fault[];
  isOver: boolean;
  /** The newest connection after the fault. An event that is older than it was still in flight. */
  again: Again | undefined;
}

interface Again {
  /** The fault that it will have. */
  readonly type: Kind | undefined;
  readonly at: number;
  isOver: boolean;
}

/**
 * How long streams stand still after a fault: from the last event of the connection that it struck
 * to the first one of a later connection. Times are in ms since 1970.
 */
export class Recovery {
  readonly #courses = new Map<string, Course>();
  readonly #worst = new Map<Kind, number>();

  /** A connection has begun; `type` is the fault that it will have. */
  began(stream: string, type: Kind | undefined, at: number): void {
    const course = this.#courses.get(stream);
    if (course?.isOver === true) {
      // No event has come in between: the stream still recovers from the earlier faults as well.
      if (course.again?.type !== undefined) {
        course.faults.push({ type: course.again.type, since: course.again.at });
      }
      course.again = { type, at, isOver: false };
    } else {
      this.#follow(stream, { type, at, isOver: false });
    }
  }

  /** A connection has ended. */
  ended(stream: string): void {
    const course = this.#courses.get(stream);
    if (course?.again !== undefined) {
      // Some of its events may not have been handled yet.
      course.again.isOver = true;
    } else if (course !== undefined) {
      course.isOver = true;
    }
  }

  handled(stream: string, at: number): void {
    const course = this.#courses.get(stream);
    if (course === undefined) {
      return;
    }
    const { faults, again } = course;
    if (again === undefined || at < again.at) {
      for (const fault of faults) {
        fault.since = Math.max(fault.since, at);
      }
      return;
    }
    for (const { type, since } of faults) {
      this.#worst.set(type, Math.max(this.#worst.get(type) ?? 0, at - since));
    }
    this.#follow(stream, { ...again, at });
  }

  /** All clients have been killed: from now on the streams recover from the kill alone. */
  killed(streams: readonly string[], at: number): void {
    for (const stream of streams) {
      const faults: Fault[] = [{ type: 'kill', since: at }];
      this.#courses.set(stream, { faults, isOver: true, again: undefined });
    }
  }

  get worst(): Readonly<Record<string, number>> {
    const rounded = [...this.#worst].map(([type, ms]) => [type, Math.round(ms)] as const);
    return Object.fromEntries(rounded.toSorted(([a], [b]) => a.localeCompare(b)));
  }

  #follow(stream: string, { type, at, isOver }: Again): void {
    if (type === undefined) {
      this.#courses.delete(stream);
    } else {
      this.#courses.set(stream, { faults: [{ type, since: at }], isOver, again: undefined });
    }
  }
}
