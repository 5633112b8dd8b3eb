/** Kafka Connect's `Values`: values as text and back, and from one type to another. */
export { convertValue } from './convert-value.ts';
export { javaDouble, javaFloat } from './java-numbers.ts';
export { parseValue, type SchemaAndValue } from './parse-value.ts';
export { dateText, valueToText } from './value-text.ts';
