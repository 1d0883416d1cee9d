export { describe } from './describe.ts';
export { escapeControls, type EscapeOptions } from './escape.ts';
export { redact, redactedStart } from './shown/redaction.ts';
