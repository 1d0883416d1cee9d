import type { AddressInfo } from 'node:net';
import { Duplex } from 'node:stream';

import type { TimeoutHandle } from '@reprise/actor';

import type { Pipe } from '../network/pipe.ts';
import type { Incarnation } from '../node/incarnation.ts';

/** So many bytes are taken from the program before the other side has read any. */
const kernelBuffer = 65_536;

type WriteCallback = (error?: Error | null) => void;

/**
 * One end of a TCP connection, as `node:http` uses a `net.Socket`. Its bytes travel over a pipe;
 * its timeout is on the clock of its node.
 */
export class SimulatedSocket extends Duplex {
  readonly remoteFamily = 'IPv4';
  readonly remotePort = 80;
  readonly remoteAddress: string;
  connecting: boolean;
  readonly life: Incarnation;
  /** To the other end. */
  readonly way: Pipe;
  /** A write that waits until the other side has read. */
  #held: WriteCallback | undefined = undefined;
  #timer: TimeoutHandle | undefined = undefined;
  #timeout = 0;
  /** The other end; nothing reaches it before it is there. */
  #peer: SimulatedSocket | undefined = undefined;

  constructor(life: Incarnation, { remote, isServer, openPipe }: SocketOptions) {
    // A client closes when the server has; a server of HTTP may still answer.
    super({ allowHalfOpen: isServer });
    this.life = life;
    this.way = openPipe(() => {
      this.#drained();
    });
    this.remoteAddress = remote;
    this.connecting = !isServer;
  }

  /** Both ends know each other. */
  join(peer: SimulatedSocket): void {
    this.#peer = peer;
  }

  // Of net.Socket

  setTimeout(ms: number, listener?: () => void): this {
    this.#timeout = ms;
    if (listener !== undefined) {
      this.once('timeout', listener);
    }
    this.#restartTimer();
    return this;
  }

  /** The name of a simulated host needs no lookup. */
  address(): AddressInfo {
    return { address: this.life.name, family: this.remoteFamily, port: this.remotePort };
  }

  setKeepAlive(): this {
    return this;
  }

  setNoDelay(): this {
    return this;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  destroySoon(): void {
    if (this.writable) {
      this.end();
    }
    if (this.writableFinished) {
      this.destroy();
    } else {
      this.once('finish', () => this.destroy());
    }
  }

  // Between the two ends

  /** Sends something to the other end that is no bytes. */
  tell(what: string, deliver: () => void): void {
    this.way.send({ what, size: 0, deliver });
  }

  /** The other end has accepted it. */
  connected(): void {
    if (!this.destroyed) {
      this.connecting = false;
      this.emit('connect');
      this.emit('ready');
    }
  }

  arrive(bytes: Buffer): void {
    if (!this.destroyed) {
      this.#restartTimer();
      if (!this.push(bytes)) {
        this.#peer?.way.pause();
      }
    }
  }

  /** The other end sends nothing more. */
  arriveEnd(): void {
    if (!this.destroyed) {
      this.push(null);
    }
  }

  fail(code: string): void {
    this.destroy(Object.assign(new Error(`${code}: ${this.remoteAddress}`), { code }));
  }

  /** The other end has read: a write that waited goes on. */
  #drained(): void {
    if (this.way.buffered < kernelBuffer) {
      const held = this.#held;
      this.#held = undefined;
      held?.();
    }
  }

  // Of Duplex

  override _write(bytes: Buffer, _encoding: string, done: WriteCallback): void {
    this.#restartTimer();
    // The program may use its buffer again.
    const copy = Buffer.from(bytes);
    const what = `${copy.length} bytes of ${this.life.name}`;
    this.way.send({ what, size: copy.length, deliver: () => this.#peer?.arrive(copy) });
    if (this.way.buffered < kernelBuffer) {
      done();
    } else {
      this.#held = done;
    }
  }

  override _read(): void {
    this.#peer?.way.resume();
  }

  override _final(done: WriteCallback): void {
    this.tell(`${this.life.name} ends its side of a connection`, () => this.#peer?.arriveEnd());
    done();
  }

  /** Closed before both sides have ended, it resets the connection. */
  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#stopTimer();
    if (!this.readableEnded || !this.writableFinished) {
      this.tell(`${this.life.name} closes a connection`, () => this.#peer?.fail('ECONNRESET'));
    }
    this.#peer?.way.close();
    done(error);
  }

  #restartTimer(): void {
    this.#stopTimer();
    if (this.#timeout > 0) {
      this.#timer = this.life.clock.setTimeout(() => this.emit('timeout'), this.#timeout);
    }
  }

  #stopTimer(): void {
    if (this.#timer !== undefined) {
      this.life.clock.clearTimeout(this.#timer);
      this.#timer = undefined;
    }
  }
}

interface SocketOptions {
  /** The name of the other end. */
  readonly remote: string;
  readonly isServer: boolean;
  /** The way to the other end; `drained` is called when that has taken something. */
  readonly openPipe: (drained: () => void) => Pipe;
}
