/** The consumer group of a sink. Kafka Connect's name, so that standard tools find it. */
export function groupOf(connector: string, config: Readonly<Record<string, string>>): string {
  return config['consumer.override.group.id'] ?? `connect-${connector}`;
}
