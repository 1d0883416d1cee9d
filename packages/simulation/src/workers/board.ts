/**
 * The memory that workers share with the thread that watches them: the next seed, and for each
 * worker its seed and how many runs it has begun. It can be read while a worker is in a loop
 * without end.
 */
export class Board {
  readonly numbers: Int32Array<SharedArrayBuffer>;

  constructor(numbers: Int32Array<SharedArrayBuffer>) {
    this.numbers = numbers;
  }

  static forWorkers(count: number): Board {
    const bytes = (1 + 2 * count) * Int32Array.BYTES_PER_ELEMENT;
    return new Board(new Int32Array(new SharedArrayBuffer(bytes)));
  }

  /** Takes the next number for the worker `index`, from 0 on: no other worker gets it. */
  take(index: number): number {
    const number = Atomics.add(this.numbers, 0, 1);
    Atomics.store(this.numbers, seedOf(index), number);
    return number;
  }

  /** No worker finds another seed below `count`. */
  close(count: number): void {
    Atomics.store(this.numbers, 0, count);
  }

  get next(): number {
    return Atomics.load(this.numbers, 0);
  }

  /** The number of the seed that the worker has taken last. */
  seed(index: number): number {
    return Atomics.load(this.numbers, seedOf(index));
  }

  beginRun(index: number): void {
    Atomics.add(this.numbers, runsOf(index), 1);
  }

  runs(index: number): number {
    return Atomics.load(this.numbers, runsOf(index));
  }
}

function seedOf(index: number): number {
  return 1 + 2 * index;
}

function runsOf(index: number): number {
  return 2 + 2 * index;
}
