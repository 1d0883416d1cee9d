import {
  crash,
  error as failedStart,
  GenServer,
  type InitError,
  loggerOf,
  ok,
  type Ok,
  type Process,
  reply,
  type Reply,
  trapExit,
} from '@reprise/actor';

import { StartError } from '../member/start-error.ts';
import type { Settings } from '../options/settings.ts';
import { textOf } from '../shown.ts';
import type { OpenStore } from '../store.ts';

type Opened = OpenStore<unknown>;

/** The server that holds the connections of the store, for as long as the cluster runs. */
export const storeBehaviour: GenServer.Behaviour<
  Settings,
  Opened,
  { readonly opened: (payload: undefined, store: Opened) => Reply<Opened, Opened> },
  undefined,
  never,
  never,
  Ok<Opened> | InitError
> = GenServer.define({
  init: async ({ store, ttl }: Settings, self: Process) => {
    // To close the connections when the tree stops.
    trapExit(self, true);
    const logger = loggerOf(self);
    const { clock } = self.system;
    const onError = (err: unknown): void => {
      logger.warn({ err }, `cluster: a connection of the store failed: ${textOf(err)}`);
    };
    const onWarning = (text: string): void => {
      logger.warn({}, `cluster: ${text}`);
    };
    try {
      return ok(await store.open({ ttl, clock, onError, onWarning }));
    } catch (thrown) {
      return failedStart(crash(new StartError(textOf(thrown), { cause: thrown })));
    }
  },
  handleCall: { opened: (_: undefined, store: Opened) => reply(store, store) },
  terminate: (_reason, store) => store.close(),
  formatStatus: ({ engine }) => ({ engine }),
});
