import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SourceRecord } from '@sluice/connector-api';
import { describeSink, describeSource } from '@sluice/connector-testkit';
import {
  datagenSource,
  monitorableSource,
  schemaSource,
  verifiableSink,
  verifiableSource,
} from '../src/index.ts';

const bySeqno = ({ sourceOffset }: SourceRecord): string => String(sourceOffset?.['seqno']);

describeSource(verifiableSource, {
  setup: () => ({ config: { topic: 't', throughput: '2000' }, identify: bySeqno }),
  invalid: [{ config: { topic: '' }, names: 'topic' }],
});

describeSource(schemaSource, {
  setup: () => ({
    config: { topic: 't', throughput: '2000', 'all.types': 'true' },
    identify: bySeqno,
  }),
  workerConfig: { 'value.converter.schemas.enable': 'true' },
});

describeSource(datagenSource, {
  setup: () => ({ config: { topic: 't', rate: '2000' }, identify: bySeqno }),
  invalid: [{ config: { schema: '{"type":"colour"}' }, names: 'schema' }],
});

describeSource(monitorableSource, {
  setup: () => ({
    config: { topic: 't', throughput: '2000', 'messages.per.poll': '5' },
    identify: ({ value }) => String(value),
  }),
});

describeSink(verifiableSink, {
  setup: async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sluice-verifiable-contract-'));
    const file = join(folder, 'sink.log');
    return {
      config: { file },
      arrived: async () => {
        const text = await readFile(file, 'utf8').catch(() => '');
        const lines = text.split('\n').slice(0, -1);
        return lines.map((line) => String((JSON.parse(line) as { seqno: number }).seqno));
      },
      close: () => rm(folder, { recursive: true }),
    };
  },
  record: (n) => ({ key: String(n), value: JSON.stringify({ seqno: n }), id: String(n) }),
});
