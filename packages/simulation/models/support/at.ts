/** The item that a number means, whatever the number. */
export function at<Item>(list: readonly Item[], choice: number): Item {
  return list[choice % list.length] as Item;
}
