export { type Health, health, type HealthHandler, type HealthOptions } from './health/health.ts';
export { metricsHandler } from './metrics/handler.ts';
export type { Distribution, Metric } from './metrics/metric.ts';
export { metrics } from './metrics/metrics.ts';
export { metricsText, type TextFormat } from './metrics/text.ts';
export { timed, type TimedOptions } from './metrics/timed.ts';
