import type { Clock } from '@reprise/actor';
import { Client } from 'pg';

import { noAnswer, startTimerOfSteps } from '../within.ts';

type Connected = (error: Error | null, client?: Client) => void;

/**
 * pg's client, but connecting fails after `timeout` ms in which the thread was free. pg's own limit
 * ends a connection that was made in time, if the thread was held until the limit was over.
 */
export function limitedClient(clock: Clock, timeout: number): typeof Client {
  return class Limited extends Client {
    override connect(): Promise<Client>;
    override connect(callback: Connected): void;
    override connect(callback?: Connected): Promise<Client> | undefined {
      if (callback !== undefined) {
        this.#connect(callback);
        return undefined;
      }
      return new Promise((resolve, reject) => {
        this.#connect((error) => {
          if (error === null) {
            resolve(this);
          } else {
            reject(error);
          }
        });
      });
    }

    /** The callback is called at once: by it a pool begins to listen for errors. */
    #connect(callback: Connected): void {
      const stop = startTimerOfSteps(clock, timeout, () => {
        this.connection.stream.destroy(noAnswer({ timeout, of: 'Postgres' }));
      });
      super.connect((error: Error | null) => {
        stop();
        callback(error, this);
      });
    }
  };
}
