import type { DataType } from '../../graph/graph.js';
import { typeOfCode } from '../../graph/tensor.js';
import type { GradientRow } from '../row.js';
import type { Site } from '../site.js';

/** The least and the largest number that a quantised value can be. */
const LIMITS: Partial<Record<DataType, readonly [number, number]>> = {
  uint8: [0, 255],
  int8: [-128, 127],
  uint16: [0, 65535],
  int16: [-32768, 32767],
};

/** Scale or zero point in a shape that broadcasts with the value: one number, or one along `axis`. */
function alongAxis(s: Site, parameter: string): string {
  const rank = s.rank(s.x[0]!);
  const dims = s.shape(parameter);
  if (dims.length === 0 || (dims.length === 1 && dims[0] === 1)) return s.reshape(parameter, []);
  if (dims.length > 1 || s.number('block_size', 0)) throw s.unsupported('it quantises in blocks');
  const along = Array<number>(rank).fill(1);
  along[s.axis(1)] = -1;
  return s.reshape(parameter, along);
}

function quantisedType(s: Site): DataType {
  const zero = s.has(2) ? s.constant(s.x[2]!) : undefined;
  if (s.has(2) && !zero) throw s.unsupported('its zero point is computed at run time');
  return zero?.type ?? typeOfCode(s.number('output_dtype', 0)) ?? 'uint8';
}

/**
 * y = saturate(round(x / scale) + zero). Straight through (Bengio, Leonard & Courville 2013): as if nothing were
 * rounded; zero where the value saturates, as in PyTorch's fake quantisation.
 */
function quantise(s: Site): string[] {
  const limits = LIMITS[quantisedType(s)];
  if (!limits) throw s.unsupported(`values of type ${quantisedType(s)}`);
  const scale = alongAxis(s, s.x[1]!);
  const rounded = s.emit('Round', s.div(s.x[0]!, scale));
  const level = s.has(2) ? s.add(rounded, s.toFloat(alongAxis(s, s.x[2]!))) : rounded;
  const inside = s.emit(
    'And',
    s.emit('GreaterOrEqual', level, limits[0]),
    s.emit('LessOrEqual', level, limits[1]),
  );
  return [s.where(inside, s.div(s.g, scale), 0)];
}

/** y = (x - zero) scale, exactly linear in what was quantised. */
function dequantise(s: Site): string[] {
  return [s.mul(s.g, alongAxis(s, s.x[1]!))];
}

/** Gradients of quantisation; see docs/operators.md for what they are worth. */
export const quantization: readonly GradientRow[] = [
  { op: 'QuantizeLinear', straightThrough: true, gradient: quantise },
  { op: 'DequantizeLinear', gradient: dequantise },
];
