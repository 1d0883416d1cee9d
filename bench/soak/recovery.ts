interface Fault {
  readonly type: string;
  /** When nothing more came: the last event of its connection, or the request if there was none. */
  since: number;
}

/** What a stream is going through. */
interface Course {
  readonly fault: Fault;
  isOver: boolean;
  /** The last connection after that one; an event that was handled before it was still under way. */
  again: Again | undefined;
}

interface Again {
  /** What is to go wrong with it. */
  readonly type: string | undefined;
  readonly at: number;
  isOver: boolean;
}

/**
 * How long streams stand still after a fault: from the last event of the connection that it struck to the first one of a later connection. Times
 * are in ms since 1970.
 */
export class Recovery {
  readonly #courses = new Map<string, Course>();
  readonly #worst = new Map<string, number>();

  /** A connection has begun; `type` is what goes wrong with it. */
  began(stream: string, type: string | undefined, at: number): void {
    const course = this.#courses.get(stream);
    if (course?.isOver === true) {
      // Without an event in between, it is still the first fault that is recovered from.
      course.again = { type, at, isOver: false };
    } else {
      this.#follow(stream, { type, at, isOver: false });
    }
  }

  /** A connection has ended. */
  ended(stream: string): void {
    const course = this.#courses.get(stream);
    if (course?.again !== undefined) {
      // What it sent may be handled only now.
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
    const { fault, again } = course;
    if (again === undefined || at < again.at) {
      fault.since = Math.max(fault.since, at);
      return;
    }
    this.#worst.set(fault.type, Math.max(this.#worst.get(fault.type) ?? 0, at - fault.since));
    this.#follow(stream, { ...again, at });
  }

  /** All clients are dead: what they take until they are back says nothing of a fault. */
  interrupted(): void {
    this.#courses.clear();
  }

  get worst(): Readonly<Record<string, number>> {
    const rounded = [...this.#worst].map(([type, ms]) => [type, Math.round(ms)] as const);
    return Object.fromEntries(rounded.toSorted(([a], [b]) => a.localeCompare(b)));
  }

  #follow(stream: string, { type, at, isOver }: Again): void {
    if (type === undefined) {
      this.#courses.delete(stream);
    } else {
      this.#courses.set(stream, { fault: { type, since: at }, isOver, again: undefined });
    }
  }
}
