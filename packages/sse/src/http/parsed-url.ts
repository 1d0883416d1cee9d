/** A URL of a user; `undefined` for a value that is none, also for one that is no text. */
export function parsedUrl(url: unknown): URL | undefined {
  try {
    return URL.parse(String(url)) ?? undefined;
  } catch {
    return undefined;
  }
}
