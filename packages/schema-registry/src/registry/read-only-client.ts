/**
 * A registry that is only asked. A schema that would be registered is told instead, once, and has the id 0, which no
 * registry gives; one that the registry would refuse is refused here too.
 */
import {
  RegistryClient,
  type RegistryClientOptions,
  type RegistrySchemaType,
  type SchemaText,
} from './registry-client.ts';
import { SchemaRegistryError } from './registry-errors.ts';

/** What a run that is no preview would register. */
export interface UnregisteredSchema {
  readonly subject: string;
  readonly schemaType: RegistrySchemaType;
  readonly schema: string;
}

export class ReadOnlyRegistryClient extends RegistryClient {
  readonly #onUnregistered: (schema: UnregisteredSchema) => void;
  /** Subjects and schemas that were told already. */
  readonly #told = new Set<string>();

  constructor(
    options: RegistryClientOptions,
    onUnregistered: (schema: UnregisteredSchema) => void,
  ) {
    super(options);
    this.#onUnregistered = onUnregistered;
  }

  override async register(subject: string, text: SchemaText): Promise<number> {
    const told = JSON.stringify([subject, text.schema]);
    if (this.#told.has(told)) return 0;
    try {
      return await this.lookup(subject, text);
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
    await this.#assertCompatible(subject, text);
    const { schema, schemaType } = text;
    this.#told.add(told);
    this.#onUnregistered({ subject, schemaType, schema });
    return 0;
  }

  async #assertCompatible(subject: string, text: SchemaText): Promise<void> {
    try {
      const { isCompatible, messages } = await this.compatibility(subject, text);
      if (isCompatible) return;
      throw new SchemaRegistryError(
        `The Schema Registry would refuse this schema, which is not compatible with the latest of subject "${subject}": ${messages.join('; ') || 'it does not say why'}`,
        { status: 409, errorCode: 409 },
      );
    } catch (error) {
      // No subject yet, or a registry that cannot be asked that.
      if (!isNotFound(error)) throw error;
    }
  }
}

function isNotFound(error: unknown): boolean {
  return error instanceof SchemaRegistryError && error.isNotFound;
}
