/**
 * The first characters, without half of a pair of surrogates. A slice would keep the whole text in
 * memory for as long as a logger keeps the report: the copy does not.
 */
export function startOf(text: string, limit: number): string {
  const start = text.slice(0, limit);
  return JSON.parse(JSON.stringify(start.isWellFormed() ? start : start.slice(0, -1))) as string;
}

/** At most `limit` of a list, each as text, and how many more there are. */
export function listed<Item>(
  items: Iterable<Item> & { readonly length: number },
  toText: (item: Item) => string,
  limit = 20,
): readonly string[] {
  const texts: string[] = [];
  for (const item of items) {
    if (texts.length === limit) {
      texts.push(`… ${items.length - limit} more`);
      break;
    }
    texts.push(toText(item));
  }
  return texts;
}
