/** A number, or null where the model leaves it open. */
export type Dim = number | null;

/** What flows between layers. */
export interface Value {
  /** In the graph. */
  name: string;
  /** In the order of axes that the layers see, without the batch axis. */
  shape: readonly Dim[];
  /**
   * The graph holds (n, C, H, W) where the layers see (n, H, W, C). Operators of ONNX want channels first; values are
   * turned back only where the order matters.
   */
  turned: boolean;
}

/** How a value whose channels are last is turned, and back. */
export const TO_CHANNELS_FIRST = [0, 3, 1, 2];
export const TO_CHANNELS_LAST = [0, 2, 3, 1];

/** The axis of the graph's value for an axis that the layers see; both count the batch axis. */
export function graphAxis({ turned }: Pick<Value, 'turned'>, axis: number): number {
  return turned ? TO_CHANNELS_FIRST.indexOf(axis) : axis;
}

/** A weight in another order of axes: `axes[i]` is the axis of `data` that becomes axis i. */
export function permuted(
  data: Float32Array,
  dims: readonly number[],
  axes: readonly number[],
): Float32Array<ArrayBuffer> {
  const strides = dims.map((_, i) => dims.slice(i + 1).reduce((a, d) => a * d, 1));
  const steps = axes.map((axis) => strides[axis]);
  const sizes = axes.map((axis) => dims[axis]);
  const out = new Float32Array(data.length);
  const index = sizes.map(() => 0);
  let from = 0;
  for (let to = 0; to < out.length; to++) {
    out[to] = data[from]!;
    for (let i = sizes.length - 1; i >= 0; i--) {
      from += steps[i]!;
      if (++index[i]! < sizes[i]!) break;
      from -= steps[i]! * sizes[i]!;
      index[i] = 0;
    }
  }
  return out;
}
