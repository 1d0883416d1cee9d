import {
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  trace,
  type Tracer,
} from '@opentelemetry/api';
import type { Pid, System } from '@reprise/actor';
import { shown } from '@reprise/actor/inspect';

import { recordedOf } from '../recording/record.ts';
import { type StreamFact, streamKind } from '../recording/stream-fact.ts';
import { version } from '../version.ts';

/** Of each client, the span of its last attempt. */
const lastSpans: WeakMap<Pid, SpanContext> = /* @__PURE__ */ new WeakMap();

/** The span of the attempt that made the connection of this client; `undefined` for none. */
export function connectSpanOf(pid: Pid): SpanContext | undefined {
  return lastSpans.get(pid);
}

/** A span for each attempt of a stream to connect: until the head of its response. */
export class ConnectSpans {
  readonly #system: System;
  readonly #tracer: Tracer = trace.getTracer('@reprise/observer', version);
  readonly #open: Map<Pid, Span> = new Map();

  constructor(system: System) {
    this.#system = system;
  }

  noted(pid: Pid, kind: string, given: unknown): void {
    const fact = given as StreamFact;
    if (kind !== streamKind) {
      return;
    }
    if (fact.type === 'connecting') {
      this.#begin(pid);
    } else if (fact.type === 'connected') {
      this.#end(pid);
    } else if (fact.type === 'disconnected') {
      this.#fail(pid, fact.failure, String(shown(this.#system, fact.text)));
    }
  }

  /** A client that ends gives its attempt up. */
  ended(pid: Pid): void {
    this.#fail(pid, 'ended', 'the client has ended');
  }

  stop(): void {
    for (const pid of this.#open.keys()) {
      this.#end(pid);
    }
  }

  /** Without a parent: the stream outlives the request that has started it. */
  #begin(pid: Pid): void {
    const { path } = recordedOf(this.#system).streamRecorder.now(pid);
    const attributes = { 'messaging.system': 'sse', 'messaging.destination.name': path };
    const options = { kind: SpanKind.CLIENT, attributes };
    const span = this.#tracer.startSpan('reprise.sse.connect', options, ROOT_CONTEXT);
    this.#open.set(pid, span);
    lastSpans.set(pid, span.spanContext());
  }

  /** The end of a stream that was connected is no failed attempt. */
  #fail(pid: Pid, type: string, message: string): void {
    this.#open.get(pid)?.setAttribute('error.type', type).setStatus({
      code: SpanStatusCode.ERROR,
      message,
    });
    this.#end(pid);
  }

  #end(pid: Pid): void {
    this.#open.get(pid)?.end();
    this.#open.delete(pid);
  }
}
