/** Decimals by `decimal.handling.mode`, bytes by `binary.handling.mode`. */
import { ConnectError, Decimal, decimalSchema, type Schema, schemas } from '@sluice/connector-api';
import type { ColumnType } from './column-type.ts';

export type DecimalMode = 'precise' | 'string' | 'double';
export type BinaryMode = 'bytes' | 'base64' | 'base64-url-safe' | 'hex';

const variableScaleSchema: Schema = Object.freeze({
  type: 'struct',
  name: 'io.debezium.data.VariableScaleDecimal',
  version: 1,
  doc: 'Variable scaled decimal',
  fields: [
    { field: 'scale', schema: schemas.int32 },
    { field: 'value', schema: schemas.bytes },
  ],
});

const notFinite = /^[+-]?(?:NaN|Infinity)$/;

/** Of decimal texts. Without a scale each value has its own. */
export function decimalType(
  mode: DecimalMode,
  { precision, scale }: { readonly precision?: number; readonly scale?: number | undefined },
): ColumnType<string> {
  if (mode === 'double') return { schema: schemas.float64, read: Number, fallback: 0 };
  if (mode === 'string') return { schema: schemas.string, read: decimalText, fallback: '0' };
  if (scale === undefined)
    return {
      schema: variableScaleSchema,
      read: (text) => (notFinite.test(text) ? null : variableScale(Decimal.fromString(text))),
      fallback: { scale: 0, value: Buffer.from([0]) },
    };
  const plain = decimalSchema(scale);
  return {
    schema:
      precision === undefined
        ? plain
        : Object.freeze({
            ...plain,
            parameters: { ...plain.parameters, 'connect.decimal.precision': String(precision) },
          }),
    read: (text) => (notFinite.test(text) ? null : Decimal.fromString(text).withScale(scale)),
    fallback: new Decimal(0n, scale),
  };
}

/** As Debezium writes what is no number. */
function decimalText(text: string): string {
  if (!notFinite.test(text)) return text;
  if (text === 'NaN') return 'NAN';
  return text.startsWith('-') ? 'NEGATIVE_INFINITY' : 'POSITIVE_INFINITY';
}

/** Without zeros at the end, of which a decimal of any scale may have as many as it likes. */
function variableScale(value: Decimal): { scale: number; value: Buffer } {
  let { scale, unscaled } = value;
  while (scale > 0 && unscaled % 10n === 0n) {
    unscaled /= 10n;
    scale -= 1;
  }
  const trimmed =
    scale < 0 ? new Decimal(unscaled, scale).withScale(0) : new Decimal(unscaled, scale);
  return { scale: trimmed.scale, value: trimmed.toBytes() };
}

export function binaryType(mode: BinaryMode): ColumnType<Buffer> {
  switch (mode) {
    case 'base64':
      return { schema: schemas.string, read: (bytes) => bytes.toString('base64'), fallback: '' };
    case 'base64-url-safe':
      return {
        schema: schemas.string,
        // Java's encoder of this kind pads.
        read: (bytes) => bytes.toString('base64').replaceAll('+', '-').replaceAll('/', '_'),
        fallback: '',
      };
    case 'hex':
      return { schema: schemas.string, read: (bytes) => bytes.toString('hex'), fallback: '' };
    default:
      return { schema: schemas.bytes, read: (bytes) => bytes, fallback: Buffer.alloc(0) };
  }
}

/** A value that its schema cannot say, in a column that must have one. */
export function unsayable(column: string, remedy: string): ConnectError {
  return new ConnectError(
    `Column ${column} must not be null, and has a value that its schema cannot say: ${remedy}`,
  );
}
