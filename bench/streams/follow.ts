/**
 * Exported by the module of each contender as `follow`: opens a stream and calls `handle` with the
 * data of each event, in order. It can be called many times in one process. The result is ignored.
 */
export type Follow = (url: string, handle: (data: string) => void) => unknown;

/** The `follow` of a contender; `name` is that of a file in `contender/`. */
export async function followOf(name: string): Promise<Follow> {
  const { follow } = (await import(`./contender/${name}.ts`)) as { readonly follow: Follow };
  return follow;
}
