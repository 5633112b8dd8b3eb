/** Numbers as C's printf and strtod have them, which is what Lua 5.1 shows of its own. */

/** Lua's `tostring`: `%.14g`. */
export function numberToText(value: number): string {
  if (Number.isSafeInteger(value) && value < 1e14 && value > -1e14 && value !== 0)
    return `${value}`;
  return general(value, 14);
}

/** What Redis makes of a number that is given to a command, and of a score: `%.17g`. */
export function numberToArgument(value: number): string {
  if (Number.isSafeInteger(value) && value !== 0) return `${value}`;
  return general(value, 17);
}

/** `%.0f` */
export function wholeNumberText(value: number): string {
  if (Number.isSafeInteger(value) && value !== 0) return `${value}`;
  return fixed(value, 0);
}

/** `%.<digits>f` */
export function fixed(value: number, digits: number): string {
  if (!Number.isFinite(value)) return notFinite(value);
  const magnitude = Math.abs(value);
  const text = magnitude < 1e21 ? magnitude.toFixed(digits) : BigInt(magnitude).toString();
  const rounded = isTie(magnitude, text, digits) ? magnitudeToEven(magnitude, digits) : text;
  const whole = magnitude < 1e21 ? exactWhole(rounded, magnitude) : withZeros(text, digits);
  return isNegative(value) ? `-${whole}` : whole;
}

/** `%.<precision>g` */
export function general(value: number, precision: number): string {
  if (!Number.isFinite(value)) return notFinite(value);
  if (value === 0) return isNegative(value) ? '-0' : '0';
  const [digits, exponent] = significantDigits(Math.abs(value), precision);
  const sign = value < 0 ? '-' : '';
  const shown = digits.replace(/0+$/, '');
  if (exponent < -4 || exponent >= precision) {
    const fraction = shown.length > 1 ? `.${shown.slice(1)}` : '';
    const power = `${Math.abs(exponent)}`.padStart(2, '0');
    return `${sign}${shown[0] ?? ''}${fraction}e${exponent < 0 ? '-' : '+'}${power}`;
  }
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${shown}`;
  const whole = shown.slice(0, exponent + 1).padEnd(exponent + 1, '0');
  const fraction = shown.slice(exponent + 1);
  return `${sign}${whole}${fraction ? `.${fraction}` : ''}`;
}

/** Lua's `tonumber` of a text, and its coercion in arithmetic; undefined for what is no number. */
export function textToNumber(text: string): number | undefined {
  const { length } = text;
  if (length > 0 && length < 16) {
    let value = 0;
    let index = 0;
    for (; index < length; index++) {
      const digit = text.charCodeAt(index) - 48;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
    }
    if (index === length) return value;
  }
  return unusualNumber(text.replace(/^[ \t\n\v\f\r]+|[ \t\n\v\f\r]+$/g, ''));
}

const decimal = /^[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?$/;
const hexadecimal = /^([-+]?)(0[xX][0-9a-fA-F]+)$/;

function unusualNumber(text: string): number | undefined {
  if (decimal.test(text)) return Number(text);
  const [, sign, digits] = hexadecimal.exec(text) ?? [];
  if (digits !== undefined) return sign === '-' ? -Number(digits) : Number(digits);
  // strtod knows them.
  if (/^[-+]?inf(?:inity)?$/i.test(text)) return text.startsWith('-') ? -Infinity : Infinity;
  return /^[-+]?nan$/i.test(text) ? Number.NaN : undefined;
}

/** So many digits, rounded half to even by the exact value, and the power of ten of the first. */
function significantDigits(magnitude: number, precision: number): [string, number] {
  const [mantissa = '', power = ''] = magnitude.toExponential(precision - 1).split('e');
  const digits = mantissa.replace('.', '');
  // JavaScript rounds a tie up. A double is exact well within a hundred digits where it can be a tie.
  const [exactMantissa = '', exactPower = ''] = magnitude.toExponential(100).split('e');
  const exact = exactMantissa.replace('.', '');
  const isOdd = Number(exact[precision - 1]) % 2 === 1;
  if (!/^50*$/.test(exact.slice(precision)) || isOdd) return [digits, Number(power)];
  return [exact.slice(0, precision), Number(exactPower)];
}

function isTie(magnitude: number, text: string, digits: number): boolean {
  if (magnitude >= 2 ** 52) return false;
  const exact = magnitude.toFixed(Math.min(100, digits + 60));
  return /^50*$/.test(exact.slice(text.includes('.') ? text.length : exact.indexOf('.') + 1));
}

function magnitudeToEven(magnitude: number, digits: number): string {
  const exact = magnitude.toFixed(Math.min(100, digits + 60));
  const point = exact.indexOf('.');
  const down = exact.slice(0, digits === 0 ? point : point + 1 + digits);
  const isOdd = Number(down.at(-1)) % 2 === 1;
  return isOdd ? magnitude.toFixed(digits) : down;
}

/** toFixed() shows digits beyond 2^53 that are exact already; kept for what it rounds. */
function exactWhole(text: string, magnitude: number): string {
  if (magnitude <= Number.MAX_SAFE_INTEGER) return text;
  const [, fraction] = text.split('.');
  return BigInt(magnitude).toString() + (fraction ? `.${fraction}` : '');
}

function withZeros(text: string, digits: number): string {
  return digits === 0 ? text : `${text}.${'0'.repeat(digits)}`;
}

function notFinite(value: number): string {
  if (Number.isNaN(value)) return '-nan';
  return value > 0 ? 'inf' : '-inf';
}

function isNegative(value: number): boolean {
  return value < 0 || Object.is(value, -0);
}
