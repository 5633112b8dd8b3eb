/** Replaces the text of a field by its SHA-256, so that it can be compared, and not be read any more. */
import { createHash } from 'node:crypto';
import { defineTransform, perRecord, string } from '@sluice/connector-api';

export default defineTransform({
  name: 'TemplateTransform',
  version: '0.1.0',
  config: {
    field: string().nonEmpty().importance('high').doc('Field of the value that is hashed.'),
  },
  create: ({ field }) =>
    perRecord((record) => {
      const { value } = record;
      // A record without a value deletes; it goes on as it is.
      if (value === null || value === undefined) return record;
      if (!isObject(value)) throw new Error('the value has no fields');
      const text = value[field];
      if (text === null || text === undefined) return record;
      if (typeof text !== 'string') throw new Error(`the field ${field} is no text`);
      // A changed copy: others hold the record as well.
      return { ...record, value: { ...value, [field]: hashOf(text) } };
    }),
});

function isObject(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function hashOf(text) {
  return createHash('sha256').update(text).digest('hex');
}
