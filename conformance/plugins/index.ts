/** What `SLUICE_PLUGINS` names: connectors that both targets have, for cases that need any data. */
import { probeSink } from './probe-sink.ts';
import { probeSource, validatedProbeSource } from './probe-source.ts';
import { recordsSink } from './records-sink.ts';
import { recordsSource } from './records-source.ts';

export const plugins = [recordsSource, recordsSink, probeSource, validatedProbeSource, probeSink];
