import { setBrand } from '../brand.ts';
import type { Cell } from '../process/cell.ts';
import { reasonOf } from '../process/exit-error.ts';
import type { ExitReason } from '../process/exit-reason.ts';
import { FunctionProcess } from '../process/function-process.ts';
import type { MonitorRef } from '../process/monitor-ref.ts';
import { Start } from '../server/start.ts';

/** A process that runs a function, and whose start waits until that acknowledges it. */
export class StartingProcess extends FunctionProcess {
  static {
    setBrand(this, 'starting process');
  }

  /** Until it is acknowledged. */
  #start: Start | undefined = undefined;

  /** Lets it run; resolves with the value of `acknowledge`. `ref`: a monitor from then on. */
  begin(timeout: number, ref: MonitorRef<Cell> | undefined): Promise<unknown> {
    const start = (this.#start = new Start(this, ref));
    start.startTimeout(timeout);
    this.wake();
    return start.promise;
  }

  /** Only the first call counts. */
  acknowledge(value: unknown): void {
    const start = this.#start;
    this.#start = undefined;
    start?.succeed(value);
  }

  /** A failure before the acknowledgement rejects the start, and is not reported. */
  protected override failed(thrown: unknown): boolean {
    if (this.#start === undefined) {
      return super.failed(thrown);
    }
    this.end(reasonOf(thrown));
    return false;
  }

  override end(reason: ExitReason): void {
    if (this.isAlive) {
      this.#start?.unlinkParent();
    }
    super.end(reason);
  }

  protected override ended(): void {
    super.ended();
    this.#start = undefined;
  }
}
