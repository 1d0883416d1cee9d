import { type Cell, nameOf } from '../process/cell.ts';
import { type ExitReason, killed, normal, timeout } from '../process/exit-reason.ts';
import type { MonitorRef } from '../process/monitor-ref.ts';
import { Question } from './question.ts';

/**
 * The question of the process that starts a server: answered with the pid, or with `undefined` when
 * `init` answers `ignore`. Every way in which a start fails is one method here.
 */
export class Start extends Question {
  readonly #ref: MonitorRef<Cell> | undefined;

  /** `ref`: the monitor that the parent wants from the first instant. */
  constructor(server: Cell, ref: MonitorRef<Cell> | undefined) {
    super(server, server.parent);
    this.#ref = ref;
  }

  /**
   * The server runs. The monitor is set in the same instant: no end can fall between the two.
   * `value`: the result of the start.
   */
  succeed(value: unknown = this.server.pid): void {
    const { server } = this;
    if (this.#ref !== undefined) {
      this.#ref.owner().monitor(server, this.#ref);
    }
    this.answer(value);
  }

  /** `init` decided that there is nothing to run. */
  ignore(): void {
    this.#endQuietly();
    this.answer(undefined);
  }

  /** `init` could not start, and nothing is broken: the start fails, the process ends `normal`. */
  refuse(reason: ExitReason): void {
    this.#endQuietly();
    this.fail(reason);
  }

  /**
   * The process is about to end, which fails the start. A parent that traps exits, or is the root,
   * learns of it by the start alone, and not by its link, too.
   */
  unlinkParent(): void {
    const { server } = this;
    const { parent } = server;
    if (parent !== undefined && (parent.trapExit || parent === server.runtime.root)) {
      parent.unlink(server);
    }
  }

  /** `init` took too long: the start fails with `timeout`, and the process is killed. */
  override fire(): void {
    this.fail(timeout);
    this.server.parent?.unlink(this.server);
    this.server.end(killed);
  }

  get isStart(): boolean {
    return true;
  }

  protected what(): string {
    return `start of ${nameOf(this.server)}`;
  }

  /**
   * The start is answered after the end, when the name is free again. The parent learns of the end
   * by that answer alone.
   */
  #endQuietly(): void {
    const { server } = this;
    server.removeRequest(this);
    server.parent?.unlink(server);
    server.end(normal);
  }
}
