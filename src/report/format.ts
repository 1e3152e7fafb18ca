import type { Measure } from '../suites/results.js';

export type NumberFormat = Measure['format'];

/** A value and its interval as people read them, with the same number of decimals in both. */
export interface Formatted {
  /** `87.3%`, `0.412`, or a dash when there is no value. */
  value: string;
  /** `[86.5, 88.1]`; empty when there is none. */
  interval: string;
}

/** What stands where a value is undefined. */
export const NONE = '–';
const MINUS = '−';

/**
 * Percentages have one decimal; numbers about four significant digits, with decimals chosen by the larger of
 * value and bounds, so that a value and its interval line up. Minus signs are typographic.
 */
export function formatEstimate(
  value: number | null,
  interval: readonly [number, number] | null | undefined,
  format: NumberFormat,
): Formatted {
  if (value === null || !Number.isFinite(value)) return { value: NONE, interval: '' };
  const scale = Math.max(Math.abs(value), ...(interval ?? []).filter(Number.isFinite).map(Math.abs));
  const write = (x: number) => (format === 'percent' ? fixed(100 * x, 1) : formatNumber(x, scale));
  return {
    value: format === 'percent' ? `${write(value)}%` : write(value),
    interval: interval ? `[${write(interval[0])}, ${write(interval[1])}]` : '',
  };
}

/** A number with the decimals that suit numbers as large as `scale`. */
export function formatNumber(x: number, scale = Math.abs(x)): string {
  if (!Number.isFinite(x)) return Number.isNaN(x) ? NONE : x > 0 ? '∞' : `${MINUS}∞`;
  if (Number.isInteger(x) && Number.isInteger(scale)) return grouped(x);
  if (scale >= 1e6 || (scale < 1e-3 && scale > 0)) return scientific(x);
  if (scale >= 1000) return grouped(Math.round(x));
  return fixed(x, decimalsFor(scale));
}

/** Decimals that show about four digits of numbers as large as `scale`. */
export const decimalsFor = (scale: number): number =>
  scale >= 1000 ? 0 : scale >= 100 ? 1 : scale >= 10 ? 2 : 3;

/** Thousands are separated by a thin space, so that no reader takes the separator for a decimal point. */
function grouped(x: number): string {
  const digits = String(Math.abs(x));
  const spaced =
    digits.length > 4 && /^\d+$/.test(digits) ? digits.replace(/\B(?=(\d{3})+$)/g, '\u2009') : digits;
  return sign(x) + spaced;
}

/** A number with so many decimals; what rounds to zero has no sign. */
export function fixed(x: number, decimals: number): string {
  const digits = Math.abs(x).toFixed(decimals);
  return (Number(digits) === 0 ? '' : sign(x)) + digits;
}

function scientific(x: number): string {
  if (x === 0) return '0';
  const [mantissa, exponent] = Math.abs(x).toExponential(2).split('e') as [string, string];
  return `${sign(x)}${mantissa}e${exponent.replace('-', MINUS).replace('+', '')}`;
}

function sign(x: number): string {
  return x < 0 ? MINUS : '';
}

/** `41.2 s`, `3 min 05 s`, `2 h 10 min`. */
export function formatDuration(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(seconds < 1 ? 2 : 1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${String(whole % 60).padStart(2, '0')} s`;
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`;
}

/** Parameters as one line: `epsilon 8/255, steps 40, adaptive (steps 5, chains 3)`. */
export function formatParams(params: Readonly<Record<string, unknown>>): string {
  return Object.entries(params)
    .map(([key, value]) => `${key} ${formatValue(value)}`)
    .join(', ');
}

/** A value of a configuration for people: lists in brackets, objects in parentheses. */
export function formatValue(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(formatValue).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return String(value);
  const entries = Object.entries(value);
  return entries.length > 0 ? `(${formatParams(Object.fromEntries(entries))})` : '()';
}

/** `1 system`, `3 systems` */
export const counted = (n: number, what: string): string => `${n} ${what}${n === 1 ? '' : 's'}`;

/** `128 of 500` examples, where measuring stopped before their end. */
export const seenText = ({ n, of }: { n: number; of?: number | undefined }): string =>
  of === undefined ? String(n) : `${n} of ${of}`;

/** Three digits, and `<0.001` for what is smaller. */
export const formatP = (p: number): string => (p < 0.001 ? '<0.001' : fixed(p, 3));

/** `p = 0.012` */
export const shownP = (p: number): string => (p < 0.001 ? 'p < 0.001' : `p = ${formatP(p)}`);
