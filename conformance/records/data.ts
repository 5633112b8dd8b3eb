/** Data in the form in which cases write and compare it: the text that JsonConverter makes of it. */

export type Text = string | null;

type Payload =
  | null
  | boolean
  | number
  | string
  | readonly Payload[]
  | { readonly [name: string]: Payload };

export interface SchemaJson {
  readonly type: string;
  readonly optional: boolean;
  readonly name?: string;
  readonly version?: number;
  readonly fields?: readonly (SchemaJson & { readonly field: string })[];
  readonly items?: SchemaJson;
  readonly keys?: SchemaJson;
  readonly values?: SchemaJson;
  readonly parameters?: Readonly<Record<string, string>>;
  readonly default?: Payload;
}

export const json = 'org.apache.kafka.connect.json.JsonConverter';
export const string = 'org.apache.kafka.connect.storage.StringConverter';
export const converters = 'org.apache.kafka.connect.converters';

/** Keys, values and headers in JSON with their schemas: nothing of them is lost on the way. */
export const allJson = {
  'key.converter': json,
  'value.converter': json,
  'header.converter': json,
};

export function typed(schema: SchemaJson | string, payload: Payload): string {
  return JSON.stringify({
    schema: typeof schema === 'string' ? { type: schema, optional: false } : schema,
    payload,
  });
}

export function optional(type: string, payload: Payload): string {
  return typed({ type, optional: true }, payload);
}

export function text(payload: string): string {
  return typed('string', payload);
}

/** Without a schema: an object is a map. */
export function plain(payload: Payload): string {
  return JSON.stringify({ schema: null, payload });
}

/** Types by the names of the fields; one that ends with ? is optional. */
export function structOf(
  fields: Readonly<Record<string, string>>,
  payload: Payload,
  more: Partial<SchemaJson> = {},
): string {
  return typed(
    {
      type: 'struct',
      fields: Object.entries(fields).map(([field, type]) => ({
        type: type.replace('?', ''),
        optional: type.endsWith('?'),
        field,
      })),
      optional: false,
      ...more,
    },
    payload,
  );
}

/** For comparing: the order of an object's fields says nothing. */
export function dataOf(data: Text | Uint8Array | undefined): unknown {
  if (data === null || data === undefined) return null;
  return JSON.parse(typeof data === 'string' ? data : Buffer.from(data).toString());
}

export function bytes(data: Text | undefined): Uint8Array | null {
  return data === null || data === undefined ? null : Buffer.from(data);
}

/** As text, so that a difference can be read; what is no text as hexadecimal digits. */
export function readable(data: Uint8Array | null | undefined): Text {
  if (data === null || data === undefined) return null;
  const asText = Buffer.from(data).toString();
  return Buffer.from(asText).equals(data) && !/\p{Cc}/u.test(asText)
    ? asText
    : `0x${Buffer.from(data).toString('hex')}`;
}

export function hex(digits: string): Uint8Array {
  return Buffer.from(digits.replaceAll(' ', ''), 'hex');
}
