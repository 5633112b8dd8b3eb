import { openConnection } from '../../src/kafkajs/connection.ts';
import type { KafkaRequest } from '../../src/wire/request.ts';

/** One request to one broker, `host:port`, over a connection of its own. */
export async function askBroker<Result>(
  address: string,
  request: KafkaRequest<Result>,
): Promise<Result> {
  const [host = '', port] = address.split(':');
  const connection = openConnection({
    host,
    port: Number(port),
    clientId: 'test',
    connectTimeoutMs: 5_000,
    requestTimeoutMs: 10_000,
  });
  await connection.connect();
  try {
    return await connection.send(request);
  } finally {
    await connection.close();
  }
}
