import { cpus, freemem, loadavg, totalmem } from 'node:os';

import systeminformation from 'systeminformation';

/** This machine at one moment. */
export interface Counters {
  readonly load: {
    /** How busy all processors together were since the last reading, from 0 to 1. */
    readonly busy: number;
    readonly processors: number;
    /** Over 1, 5 and 15 minutes; zeros on Windows, which has none. */
    readonly averages: readonly number[];
  };
  /** In bytes. */
  readonly memory: { readonly used: number; readonly total: number };
  /** In bytes, since the machine started; `undefined` while they are not known. */
  readonly network: { readonly received: number; readonly sent: number } | undefined;
}

/** Reads this machine's counters. */
export class Machine {
  #times: Times = times();
  #network: Counters['network'] = undefined;
  #isReadingNetwork = false;

  read(): Counters {
    this.#readNetwork();
    return {
      load: { busy: this.#busy(), processors: cpus().length, averages: loadavg().map(rounded) },
      memory: { used: totalmem() - freemem(), total: totalmem() },
      network: this.#network,
    };
  }

  #busy(): number {
    const before = this.#times;
    this.#times = times();
    const whole = this.#times.whole - before.whole;
    return whole === 0 ? 0 : rounded(1 - (this.#times.idle - before.idle) / whole);
  }

  /**
   * In the background, to be there for the next reading: on some systems this runs a program that
   * takes a second.
   */
  #readNetwork(): void {
    if (!this.#isReadingNetwork) {
      this.#isReadingNetwork = true;
      void readNetwork().then((network) => {
        this.#network = network ?? this.#network;
        this.#isReadingNetwork = false;
      });
    }
  }
}

interface Times {
  readonly idle: number;
  readonly whole: number;
}

function times(): Times {
  const all = cpus().map((cpu) => cpu.times);
  return {
    idle: all.reduce((sum, { idle }) => sum + idle, 0),
    whole: all.reduce(
      (sum, { idle, irq, nice, sys, user }) => sum + idle + irq + nice + sys + user,
      0,
    ),
  };
}

async function readNetwork(): Promise<Counters['network']> {
  try {
    const interfaces = await systeminformation.networkStats('*');
    const outside = interfaces.filter(({ iface }) => !/^lo(?:\d*$|opback)/i.test(iface));
    return {
      received: outside.reduce((sum, each) => sum + each.rx_bytes, 0),
      sent: outside.reduce((sum, each) => sum + each.tx_bytes, 0),
    };
  } catch {
    return undefined;
  }
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
