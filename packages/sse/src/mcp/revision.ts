/**
 * The revision without sessions: one POST, answered for as long as the listener lives. The
 * specification calls revisions from here on modern, and those before legacy.
 */
export const modern = '2026-07-28';

/** The revisions with sessions over HTTP, the newest first. */
export const legacy: readonly string[] = ['2025-11-25', '2025-06-18', '2025-03-26'];
