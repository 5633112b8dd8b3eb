/** Requests name partitions under their topics; callers have them one by one. */
export interface TopicGroup<Item> {
  readonly topic: string;
  readonly items: Item[];
}

export function byTopic<Item extends { readonly topic: string }>(
  items: readonly Item[],
): TopicGroup<Item>[] {
  const groups = new Map<string, TopicGroup<Item>>();
  for (const item of items) {
    const group = groups.get(item.topic);
    if (group) group.items.push(item);
    else groups.set(item.topic, { topic: item.topic, items: [item] });
  }
  return [...groups.values()];
}
