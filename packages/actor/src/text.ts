export { describe } from './describe.ts';
export { escapeControls, type EscapeOptions } from './escape.ts';
