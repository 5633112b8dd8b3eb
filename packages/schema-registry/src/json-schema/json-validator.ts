/** Validates values against their JSON Schema, with ajv: for `json.fail.invalid.schema`. */
import { DataError } from '@sluice/connector-api';
import { toError } from '@sluice/kernel';
import type { Ajv, Options, ValidateFunction } from 'ajv';
import { lazily } from '../lazily.ts';
import type { ResolvedSchema } from '../registry/registry-client.ts';

/** @throws DataError that says where the value does not fit */
export type JsonValidator = (json: unknown) => void;

interface AjvModule {
  readonly default: new (options: Options) => Ajv;
}

type AddFormats = (ajv: Ajv) => unknown;

const dialects = {
  'draft-07': lazily('ajv') as () => AjvModule,
  '2019-09': lazily('ajv/dist/2019.js') as () => AjvModule,
  '2020-12': lazily('ajv/dist/2020.js') as () => AjvModule,
} as const;
const formats = lazily('ajv-formats') as () => { readonly default: AddFormats };

/** Attributes that only Connect knows, and a registry's schemas of any origin, are no reason to refuse. */
const options: Options = { strict: false, validateFormats: true, logger: false };

/** @throws DataError for a schema that cannot be validated by */
export function jsonValidator(
  { schema, resolved }: Pick<ResolvedSchema, 'schema' | 'resolved'>,
  ignoresModernDialects: boolean,
): JsonValidator {
  const validate = compiled(schema, resolved, ignoresModernDialects);
  return (json) => {
    if (validate(json)) return;
    const [first] = validate.errors ?? [];
    const where = first?.instancePath ? ` at ${first.instancePath}` : '';
    throw new DataError(
      `JSON does not fit its JSON Schema${where}: ${first?.message ?? 'invalid'}`,
    );
  };
}

function compiled(
  text: string,
  resolved: ResolvedSchema['resolved'],
  ignoresModernDialects: boolean,
): ValidateFunction {
  try {
    const schema = JSON.parse(text) as boolean | Record<string, unknown>;
    const declared = typeof schema === 'object' ? schema['$schema'] : undefined;
    const dialect = ignoresModernDialects ? 'draft-07' : dialectOf(declared);
    const ajv = new (dialects[dialect]().default)(options);
    formats().default(ajv);
    for (const reference of resolved)
      ajv.addSchema(withoutDialect(JSON.parse(reference.schema)), reference.name);
    return ajv.compile(withoutDialect(schema));
  } catch (error) {
    throw new DataError(`The JSON Schema cannot be validated by: ${toError(error).message}`, {
      cause: error,
    });
  }
}

function dialectOf(declared: unknown): keyof typeof dialects {
  if (typeof declared !== 'string') return 'draft-07';
  if (declared.includes('2020-12')) return '2020-12';
  if (declared.includes('2019-09')) return '2019-09';
  return 'draft-07';
}

/** Which one it is has been decided: ajv refuses names of dialects that it was not made for. */
function withoutDialect<Json>(schema: Json): Json {
  if (typeof schema !== 'object' || schema === null) return schema;
  const { $schema: _dialect, ...rest } = schema as Record<string, unknown>;
  return rest as Json;
}
