import { childSpec, Agent, GenServer, noreply, ok, type Pid, Supervisor } from '@reprise/actor';
import { advance, createTestSystem, settle, type TestSystem } from '@reprise/actor/testing';
import { observerHandler } from '@reprise/observer';
import { createPacketState, handlePacket } from '@reprise/sse';

import { Model } from '../../src/top/model.ts';

const server = GenServer.define({
  init: () => ok(0),
  handleCast: {
    fail: (message: string) => {
      throw new Error(message);
    },
    add: (by: number, state) => noreply(state + by),
    hang: (_: undefined, state) => new Promise<never>(() => state),
  },
});
type Server = GenServer.ServerOf<typeof server>;

/** A program on a virtual clock, and the model of the reports of its observer. */
export class Watched implements AsyncDisposable {
  readonly system: TestSystem = createTestSystem();
  readonly model = new Model();
  readonly #packets = createPacketState();
  #app: Pid = this.system.pid;
  #reader: ReadableStreamDefaultReader<Uint8Array> | undefined = undefined;

  /** `app` above `store`, children of these names, and `enrich` above `geocoder` and `queue`. */
  static async start(names: readonly string[] = []): Promise<Watched> {
    const watched = new Watched();
    watched.#app = await Supervisor.startLink(watched.system, {
      strategy: 'restForOne',
      name: 'app',
      children: [
        GenServer.childSpec(server, undefined, { id: 'store' }),
        ...names.map((id) => childSpec((parent) => Agent.startLink(parent, () => 0), { id })),
        enrich,
      ],
    });
    const handler = observerHandler(watched.system, { gate: () => true });
    const response = await handler.fetch(new Request('http://localhost/api/live'));
    watched.#reader = response.body?.getReader() as ReadableStreamDefaultReader<Uint8Array>;
    await watched.#look();
    await handler.fetch(watched.#window());
    await watched.advance(500);
    return watched;
  }

  send(path: readonly string[], message: 'fail' | 'hang' | 'add'): void {
    const pid = path.reduce(
      (above, id) => Supervisor.child(above as never, id as never),
      this.#app,
    ) as Server;
    if (message === 'fail') {
      GenServer.cast(pid, 'fail', 'no answer');
    } else if (message === 'hang') {
      GenServer.cast(pid, 'hang', undefined);
    } else {
      GenServer.cast(pid, 'add', 1);
    }
  }

  /** Lets time pass, and reads the reports that came meanwhile. */
  async advance(ms: number): Promise<void> {
    await settle(this.system);
    await advance(this.system, ms);
    while (this.model.now < this.system.clock.now()) {
      await this.#look();
    }
  }

  /** Asks for the numbers of all rows. */
  #window(): Request {
    const rows = [...this.model.rows].map(({ row }) => row);
    return new Request(`http://localhost/api/live/${this.model.hello?.reader}/window`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ rows, streams: [] }),
    });
  }

  async #look(): Promise<void> {
    for (let isWhole = false; !isWhole;) {
      const { value = new Uint8Array() } = (await this.#reader?.read()) ?? {};
      for (const { type, data } of handlePacket(value, this.#packets)) {
        this.model.apply(type, data);
        isWhole = type === 'rows';
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#reader?.cancel();
    await this.system.stop();
  }
}

const enrich = Supervisor.childSpec({
  id: 'enrich',
  strategy: 'oneForOne',
  maxRestarts: 8,
  children: ['geocoder', 'queue'].map((id) =>
    GenServer.childSpec(server, undefined, {
      id,
      restartDelay: { minDelay: 8000, maxDelay: 8000, healthyAfter: 600_000 },
    }),
  ),
});
