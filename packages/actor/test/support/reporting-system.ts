import { createSystem, type Logger, type System, type SystemOptions } from '@reprise/actor';
import type { Report } from '@reprise/actor/testing';

/**
 * A system in real time that keeps its reports. Callbacks that hold the thread are reported only on
 * demand: how long they do says more of the machine than of the test.
 */
export function reportingSystem(options: SystemOptions = {}): {
  readonly system: System;
  readonly reports: readonly Report[];
} {
  const reports: Report[] = [];
  const keep =
    (level: Report['level']): Logger['error'] =>
    (details, message) => {
      reports.push({ level, message, details });
    };
  const logger = { error: keep('error'), warn: keep('warn') };
  return { system: createSystem({ logger, slowCallback: Infinity, ...options }), reports };
}
