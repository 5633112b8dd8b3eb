/** The bytes of a default that an Avro schema states as JSON. */
import { DataError } from '@sluice/connector-api';
import { ByteSink } from '../wire/byte-sink.ts';
import { writeBytes, writeText } from './avro-bytes.ts';
import type { AvroType } from './avro-type.ts';

/** @throws DataError when the JSON is no value of the type */
export function encodeJson(type: AvroType, json: unknown): Buffer {
  const sink = new ByteSink();
  write(type, json, sink);
  return sink.take();
}

function write(type: AvroType, json: unknown, sink: ByteSink): void {
  switch (type.kind) {
    case 'null':
      if (json === null) return;
      break;
    case 'boolean':
      if (typeof json !== 'boolean') break;
      sink.byte(json ? 1 : 0);
      return;
    case 'int':
    case 'long':
      if (typeof json !== 'bigint' && !Number.isInteger(json)) break;
      sink.zigzag64(json as number | bigint);
      return;
    case 'float':
    case 'double':
      if (typeof json !== 'number' && typeof json !== 'bigint') break;
      if (type.kind === 'float') sink.float(Number(json));
      else sink.double(Number(json));
      return;
    case 'string':
      if (typeof json !== 'string') break;
      writeText(json, sink);
      return;
    case 'bytes':
      if (typeof json !== 'string') break;
      writeBytes(Buffer.from(json, 'latin1'), sink);
      return;
    case 'fixed':
      if (typeof json !== 'string' || json.length !== type.size) break;
      sink.raw(Buffer.from(json, 'latin1'));
      return;
    case 'enum':
      if (typeof json !== 'string' || !type.symbols.includes(json)) break;
      sink.zigzag32(type.symbols.indexOf(json));
      return;
    case 'array':
      if (!Array.isArray(json)) break;
      if (json.length > 0) sink.zigzag32(json.length);
      for (const one of json) write(type.items, one, sink);
      sink.byte(0);
      return;
    case 'union': {
      // The first type, by the specification.
      const [first] = type.types;
      if (!first) break;
      sink.byte(0);
      write(first, json, sink);
      return;
    }
    case 'map':
    case 'record':
      if (typeof json !== 'object' || json === null || Array.isArray(json)) break;
      writeObject(type, json as Readonly<Record<string, unknown>>, sink);
      return;
    default:
      void (type satisfies never);
  }
  throw new DataError(`The default of an Avro field of type ${type.kind} is not valid`);
}

function writeObject(
  type: Extract<AvroType, { kind: 'map' | 'record' }>,
  json: Readonly<Record<string, unknown>>,
  sink: ByteSink,
): void {
  if (type.kind === 'record') {
    for (const field of type.fields)
      write(field.type, Object.hasOwn(json, field.name) ? json[field.name] : field.default, sink);
    return;
  }
  const entries = Object.entries(json);
  if (entries.length > 0) sink.zigzag32(entries.length);
  for (const [key, one] of entries) {
    writeText(key, sink);
    write(type.values, one, sink);
  }
  sink.byte(0);
}
