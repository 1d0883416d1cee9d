export { instrument } from './opentelemetry/instrument.ts';
export { traced, type TracedEvent, type TracedOptions } from './opentelemetry/traced.ts';
