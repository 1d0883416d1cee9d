import { isAbnormal, type System } from '@reprise/actor';

/**
 * Whether the program ends by an error that nobody has caught, such as that of a promise which a
 * handler did not wait for. Any stream may be the reason, so each gets a strike, as after a kill:
 * one that was released in order would end the next program, and the next one.
 */
export function hasFailed({ stopReason }: System): boolean {
  return stopReason !== undefined && isAbnormal(stopReason);
}
