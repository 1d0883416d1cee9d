export { describe } from './describe.ts';
export { escapeControls, type EscapeOptions } from './escape.ts';
export { redact } from './shown/redaction.ts';
