/**
 * What a contender's module exports as `follow`: it opens a stream, and calls `handle` with the
 * data of each event, in the stream's order. It may be called many times in one process; what it
 * returns means nothing.
 */
export type Follow = (url: string, handle: (data: string) => void) => unknown;

/** From the argument of a bench's program: the name of a file in `contender/`. */
export async function followOf(name: string): Promise<Follow> {
  const { follow } = (await import(`./contender/${name}.ts`)) as { readonly follow: Follow };
  return follow;
}
