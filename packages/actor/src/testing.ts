export { virtualClock, type VirtualClock } from './host/clock.ts';
export { provideSystemDefaults, type SystemDefaults } from './process/system-defaults.ts';
export { brokenRules } from './testing/broken-rules.ts';
export { createProbe, type Probe, type ProbeOptions } from './testing/probe.ts';
export {
  advance,
  createTestSystem,
  type Report,
  settle,
  type TestSystem,
} from './testing/system.ts';
