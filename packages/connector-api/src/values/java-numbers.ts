/**
 * Floating point numbers as Java prints them (`1.0`, `1.0E-5`, `1.0E7`), so that what a converter writes is
 * byte for byte what Kafka Connect's writes. Both languages print the fewest digits that read back as the
 * same number, Java at least two; otherwise only the notation differs.
 */

/** As `Double.toString`. */
export function javaDouble(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  // The usual numbers look the same in both languages, but for a fraction of zero.
  if (size >= 1e-3 && size < 1e7)
    return Number.isInteger(value) ? `${String(value)}.0` : String(value);
  const shortest = value.toExponential();
  return notation(value, shortest.includes('.') ? shortest : value.toExponential(1));
}

/** As `Float.toString` of the nearest 32-bit number. */
export function javaFloat(value: number): string {
  const single = Math.fround(value);
  if (!Number.isFinite(single)) return String(single);
  for (let digits = 1; digits < 9; digits += 1) {
    const text = single.toExponential(digits);
    if (Math.fround(Number(text)) === single) return notation(single, text);
  }
  return notation(single, single.toExponential());
}

/** Decimal between 10^-3 and 10^7, else one digit before the point and an exponent. */
function notation(value: number, exponential: string): string {
  if (value === 0) return Object.is(value, -0) ? '-0.0' : '0.0';
  const [mantissa = '', exponentText = '0'] = exponential.split('e');
  const sign = mantissa.startsWith('-') ? '-' : '';
  const digits = mantissa.replace(/[-.]/g, '').replace(/(?<=.)0+$/, '');
  const exponent = Number(exponentText);
  if (exponent < -3 || exponent >= 7)
    return `${sign}${digits[0] ?? '0'}.${digits.slice(1) || '0'}E${String(exponent)}`;
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, '0');
  return `${sign}${whole}.${digits.slice(exponent + 1) || '0'}`;
}
